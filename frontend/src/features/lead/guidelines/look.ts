export const LOOK = { markdown: true, face: "sans", text_size: 0 } as const;
