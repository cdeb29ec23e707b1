import { useEffect, useRef, useState } from "react";
import type { Peaks } from "./peaks.ts";
import { pastSilence, peaksOf, savedBySkipping, silences } from "./peaks.ts";

/** Slices kept of a recording: enough for the widest drawing. */
const slices = 900;

/** Fetches and decodes a recording once; what it looks like, or why it cannot be shown. */
export function usePeaks(url: string | null): { peaks: Peaks | null; failed: boolean } {
  const [found, setFound] = useState<{ url: string; peaks: Peaks | null } | null>(null);
  useEffect(() => {
    if (!url) return;
    const abort = new AbortController();
    const read = async () => {
      const answer = await fetch(url, { signal: abort.signal });
      if (!answer.ok) throw new Error(`The recording answered ${answer.status}`);
      const bytes = await answer.arrayBuffer();
      const decoded = await new OfflineAudioContext(1, 1, 22_050).decodeAudioData(bytes);
      setFound({ url, peaks: peaksOf(decoded.getChannelData(0), decoded.duration, slices) });
    };
    read().catch((thrown: unknown) => {
      if (!abort.signal.aborted) {
        console.warn("Waveform not drawn:", thrown);
        setFound({ url, peaks: null });
      }
    });
    return () => abort.abort();
  }, [url]);
  const mine = found?.url === url ? found : null;
  return { peaks: mine?.peaks ?? null, failed: mine !== null && mine.peaks === null };
}

export const speeds = [1, 1.25, 1.5, 2] as const;

/** The playing of one recording: position, speed, skipping of silence. */
export function usePlayer(peaks: Peaks | null) {
  const audio = useRef<HTMLAudioElement>(null);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [loaded, setLoaded] = useState<number | null>(null);
  const [speed, setSpeed] = useState<number>(1);
  const [skip, setSkip] = useState(false);
  const gaps = peaks ? silences(peaks) : [];
  const seconds = loaded ?? peaks?.seconds ?? 0;
  const follow = useRef({ skip, gaps });
  follow.current = { skip, gaps };

  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const step = () => {
      const element = audio.current;
      if (element) {
        if (follow.current.skip) {
          const next = pastSilence(element.currentTime, follow.current.gaps);
          if (next !== element.currentTime) element.currentTime = next;
        }
        setAt(element.currentTime);
      }
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  useEffect(() => {
    if (audio.current) audio.current.playbackRate = speed;
  }, [speed, loaded]);

  const seek = (to: number) => {
    const within = Math.min(Math.max(0, to), seconds || to);
    if (audio.current) audio.current.currentTime = within;
    setAt(within);
  };
  const toggle = () => {
    const element = audio.current;
    if (!element) return;
    if (element.paused) void element.play();
    else element.pause();
  };

  return {
    at,
    seconds,
    playing,
    speed,
    setSpeed,
    skip,
    setSkip,
    saved: savedBySkipping(gaps),
    seek,
    toggle,
    /** Spread on the audio element. */
    audioProps: {
      ref: audio,
      onPlay: () => setPlaying(true),
      onPause: () => setPlaying(false),
      onEnded: () => setPlaying(false),
      onSeeked: () => setAt(audio.current?.currentTime ?? 0),
      onLoadedMetadata: () => {
        const length = audio.current?.duration;
        setLoaded(length !== undefined && Number.isFinite(length) ? length : null);
      },
    },
  };
}

export type Player = ReturnType<typeof usePlayer>;
