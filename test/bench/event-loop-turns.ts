/** What the event loop's thread spends between two of its turns: processor time, which other users of the machine do not change, and the clock's. */
export interface TurnWatch {
  /** What was spent until then is the bench's own work and is not looked at. */
  pass(): void;
  /** The most that was spent at one go, in ms. */
  end(): { cpu: number; wall: number };
}

export function watchTurns(): TurnWatch {
  const spent = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = spent();
  let at = performance.now();
  const most = { cpu: 0, wall: 0 };
  const timer = setInterval(() => {
    const [cpu, wall] = [spent(), performance.now()];
    most.cpu = Math.max(most.cpu, cpu - last);
    most.wall = Math.max(most.wall, wall - at);
    [last, at] = [cpu, wall];
  }, 1);
  return {
    pass: () => ([last, at] = [spent(), performance.now()]),
    end: () => (clearInterval(timer), most),
  };
}
