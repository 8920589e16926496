/** The course of one figure, without axes; its label says it in words. */
export function Sparkline({ values, label }: { values: (number | null)[]; label: string }) {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ index, value }]));
  if (known.length < 2) return null;
  const low = Math.min(...known.map(({ value }) => value));
  const high = Math.max(...known.map(({ value }) => value));
  const x = (index: number) => (index / (values.length - 1)) * 88 + 2;
  const y = (value: number) => (high === low ? 17 : 31 - ((value - low) / (high - low)) * 28);
  const path = known.map(({ index, value }, n) => `${n ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const last = known[known.length - 1]!;
  return (
    <svg className="spark" viewBox="0 0 92 34" role="img" aria-label={label}>
      <path d={`${path}L${x(last.index)} 34L${x(known[0]!.index)} 34Z`} fill="var(--soft)" stroke="none" />
      <path d={path} fill="none" stroke="var(--brand)" strokeWidth="1.8" strokeLinejoin="round" />
      <circle cx={x(last.index)} cy={y(last.value)} r="2.6" fill="var(--brand)" />
    </svg>
  );
}
