import { useSuspenseQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";

import { sessionQuery } from "@/api/session";
import { later } from "@/lib/later";

import { AccountButton } from "./AccountButton";

const AccountDropdown = later(() => import("./AccountDropdown").then((module) => module.AccountDropdown), AccountButton);

/** Who is signed in; the menu behind it comes when it is asked for. */
export function AccountMenu() {
  const { data } = useSuspenseQuery(sessionQuery);
  const [asked, setAsked] = useState(false);
  const user = data.user;
  if (!user) return null;
  const button = <AccountButton user={user} aria-haspopup="menu" aria-expanded={false} onClick={() => setAsked(true)} />;
  return asked ? (
    <Suspense fallback={button}>
      <AccountDropdown user={user} />
    </Suspense>
  ) : (
    button
  );
}
