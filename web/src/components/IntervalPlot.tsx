/** An estimate with its interval, on an axis around zero that all rows of one outcome could share; and, where a simulated
 * shop knows it, the truth as a diamond. */
export function IntervalPlot({ value, low, high, truth, label, tone }: {
  value: number;
  low: number;
  high: number;
  truth?: number;
  label: string;
  tone: "good" | "bad" | "open";
}) {
  const reach = Math.max(Math.abs(low), Math.abs(high), Math.abs(value), Math.abs(truth ?? 0)) * 1.12 || 1;
  const x = (number: number) => 150 + (number / reach) * 146;
  const colour = tone === "open" ? "var(--muted)" : `var(--${tone})`;
  return (
    <svg className="interval" viewBox="0 0 300 30" preserveAspectRatio="none" role="img" aria-label={label}>
      <line x1="2" x2="298" y1="15" y2="15" stroke="var(--line)" strokeWidth="1" vectorEffect="non-scaling-stroke" />
      <line x1="150" x2="150" y1="3" y2="27" stroke="var(--muted)" strokeDasharray="3 3" vectorEffect="non-scaling-stroke" />
      <line x1={x(low)} x2={x(high)} y1="15" y2="15" stroke={colour} strokeWidth="3" vectorEffect="non-scaling-stroke" />
      <line x1={x(low)} x2={x(low)} y1="9" y2="21" stroke={colour} strokeWidth="2" vectorEffect="non-scaling-stroke" />
      <line x1={x(high)} x2={x(high)} y1="9" y2="21" stroke={colour} strokeWidth="2" vectorEffect="non-scaling-stroke" />
      <line x1={x(value)} x2={x(value)} y1="6" y2="24" stroke={colour} strokeWidth="6" vectorEffect="non-scaling-stroke" />
      {truth !== undefined && (
        <path
          d={`M${x(truth)} 4 L${x(truth) + 4} 15 L${x(truth)} 26 L${x(truth) - 4} 15 Z`}
          fill="var(--panel)" stroke="var(--text)" strokeWidth="2" vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}
