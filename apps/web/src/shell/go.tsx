import { Link, useNavigate } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import type { Place } from "@/paths.ts";

type GoProps = Omit<ComponentProps<"a">, "href"> & { place: Place; children: ReactNode };

/** A link to a place that is data. paths.ts made it, so its address exists. */
export const Go = ({ place, ...rest }: GoProps) => <Link {...(place as { to: "/" })} {...rest} />;

/** The same by hand. */
export function useGo(): (place: Place) => void {
  const navigate = useNavigate();
  return (place) => void navigate(place as { to: "/" });
}
