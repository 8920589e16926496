/** The product's mark. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0b6e69" />
      <path d="M9 7v15a3 3 0 0 0 3 3h11" fill="none" stroke="#fff" strokeWidth="3.4" strokeLinecap="round" />
      <path d="M24 10a7 7 0 1 0-1.4 8.2" fill="none" stroke="#8ee0cf" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
