/** The plumb bob. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden focusable="false">
      <path d="M12 2.500v8.500" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" />
      <path d="M8.200 11h7.600l-.8 4.600L12 21.500l-3-5.900z" fill="currentColor" />
    </svg>
  );
}
