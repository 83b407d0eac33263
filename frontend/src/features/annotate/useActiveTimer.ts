import { useEffect, useState } from "react";

import { ActiveTimer } from "./activeTimer";

const SIGNS_OF_LIFE = ["keydown", "pointermove", "pointerdown", "wheel", "scroll", "touchstart"] as const;

interface Timer {
  restart: () => void;
  seconds: () => number;
  aliveWithin: (ms: number) => boolean;
  hold: () => void;
  resume: () => void;
}

export function useActiveTimer(): Timer {
  const [{ clock, timer }] = useState(() => {
    const clock = new ActiveTimer();
    return {
      clock,
      timer: {
        restart: () => clock.restart(performance.now()),
        seconds: () => clock.seconds(performance.now()),
        hold: () => clock.hold(performance.now()),
        resume: () => clock.resume(performance.now()),
        aliveWithin: (ms: number) => clock.aliveWithin(ms, performance.now()),
      },
    };
  });
  useEffect(() => {
    const touch = () => clock.touch(performance.now());
    const change = () => (document.hidden ? clock.pause(performance.now()) : clock.touch(performance.now()));
    for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, touch, { passive: true });
    document.addEventListener("visibilitychange", change);
    return () => {
      for (const sign of SIGNS_OF_LIFE) window.removeEventListener(sign, touch);
      document.removeEventListener("visibilitychange", change);
    };
  }, [clock]);
  return timer;
}
