const place = (userId: number, slug: string) => `plumbline.code.${userId}.${slug}`;

/** The code that the server showed this person once, if this browser kept it. */
export function keptCode(userId: number, slug: string): string | null {
  try {
    return localStorage.getItem(place(userId, slug));
  } catch {
    return null;
  }
}

export function keepCode(userId: number, slug: string, code: string): void {
  try {
    localStorage.setItem(place(userId, slug), code);
  } catch {
    // It is on the page, and a lead can look it up.
  }
}
