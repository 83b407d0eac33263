import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { Mark } from "@/components/Mark";
import { useDocumentTitle } from "@/components/Page";

import classes from "./AuthFrame.module.css";

interface Props {
  title: string;
  lead: ReactNode;
  children: ReactNode;
}

/** The pages before one is signed in; the right half shows what the product is about. */
export function AuthFrame({ title, lead, children }: Props) {
  useDocumentTitle(title);
  return (
    <div className={classes.frame}>
      <main className={classes.form}>
        <div className={classes.inner}>
          <div className={classes.brand}>
            <Mark size={26} />
            <span>Plumbline</span>
          </div>
          <h1 className={classes.title}>{title}</h1>
          <p className={classes.lead}>{lead}</p>
          {children}
        </div>
      </main>
      <aside className={classes.aside} aria-hidden>
        <div className={classes.sample}>
          <p className={classes.prompt}><Trans>My kettle arrived broken. Please help.</Trans></p>
          <div className={classes.pair}>
            <div className={`${classes.card} ${classes.chosen}`}>
              <b>
                <Trans>A is better</Trans>
              </b>
              <Trans>I am sorry to hear that. Please send us a photo and we will ship a new kettle today.</Trans>
            </div>
            <div className={classes.card}>
              <b>B</b>
              <Trans>Read the manual. Buy a new kettle.</Trans>
            </div>
          </div>
          <p className={classes.caption}><Trans>Rank what a model said. Train on it. See, with error bars, whether it helped.</Trans></p>
        </div>
      </aside>
    </div>
  );
}
