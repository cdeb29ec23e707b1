/** Two halves of a conversation: the one that speaks and the one that listens. */
export const Mark = ({ className }: { className?: string }) => (
  <svg viewBox="0 0 20 20" className={className} aria-hidden>
    <path d="M9 2.5v15A7.5 7.5 0 0 1 9 2.5Z" fill="currentColor" />
    <path
      d="M11.9 3.6v12.8a6.6 6.6 0 0 0 0-12.8Z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinejoin="round"
    />
  </svg>
);
