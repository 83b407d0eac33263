import type { Role } from "@/api/types";

export const ROLE_WORDS: Record<Role, string> = {
  annotator: "Annotator",
  lead: "Lead",
  researcher: "Researcher",
  owner: "Owner",
};

export const ROLES = (Object.keys(ROLE_WORDS) as Role[]).map((value) => ({ value, label: ROLE_WORDS[value] }));

export const ROLE_OPTIONS: { value: Role; label: string }[] = [
  { value: "annotator", label: "Annotator: ranks responses" },
  { value: "lead", label: "Lead: guidelines, people, queue" },
  { value: "researcher", label: "Researcher: datasets, runs, rounds" },
  { value: "owner", label: "Owner: everything" },
];
