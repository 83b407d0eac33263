export const LOOK = { markdown: true, face: "sans", textSize: 0 } as const;
