import { clsx } from "clsx";

/**
 * Joins class names. Two that set the same property are not reconciled: components take variants for what may
 * differ, and `className` for what they leave open (place, width, visibility).
 */
export const cn = clsx;
