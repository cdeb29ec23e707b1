import { useEffect, useRef, useState } from "react";

const every = 30_000;

/**
 * What a screen reader hears of a page that changes by itself: one polite sentence at most every 30 seconds, and only
 * if it says something new. The figures themselves are not live regions.
 */
export function LiveSummary({ words }: { words: string }) {
  const latest = useRef(words);
  latest.current = words;
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), every);
    return () => clearInterval(timer);
  }, []);
  return (
    <p role="status" className="sr-only">
      {said}
    </p>
  );
}
