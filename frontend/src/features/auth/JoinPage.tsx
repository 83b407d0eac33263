import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Anchor, Button, PasswordInput, Skeleton, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import { useState } from "react";

import { ApiError, fieldErrors, messageOf } from "@/api/client";
import { acceptInvitation, invitationQuery, joinByInvitation } from "@/api/invitations";
import { refreshSession, sessionQuery, signOut } from "@/api/session";
import type { User } from "@/api/types";
import { Failure, Note } from "@/components/States";
import { rolesInText } from "@/lib/names";

import { arrivalOf } from "./arrival";
import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";

/** Where an invitation's link leads: what it gives, and one step to take it. */
export function JoinPage() {
  const { token } = useParams({ from: "/join/$token" });
  const { data: session } = useSuspenseQuery(sessionQuery);
  const invitation = useQuery(invitationQuery(token));
  if (invitation.isPending) {
    return (
      <AuthFrame title={t`An invitation`} lead={t`Looking it up…`}>
        <Skeleton height={120} radius={9} />
      </AuthFrame>
    );
  }
  if (invitation.isError) {
    const { error } = invitation;
    const again = error instanceof ApiError && error.unreachable;
    return (
      <AuthFrame title={t`An invitation`} lead={t`This link could not be opened.`}>
        <Failure what={t`It did not work.`} error={error} retry={again ? () => void invitation.refetch() : undefined} />
      </AuthFrame>
    );
  }
  const { project, roles, for_one_address } = invitation.data;
  const held = rolesInText(roles);
  const invited = t`You are invited as ${held}.`;
  return (
    <AuthFrame
      title={t`Join ${project}`}
      lead={for_one_address ? `${invited} ${t`The link is for the address it was sent to.`}` : invited}
    >
      {session.user ? <Accept token={token} user={session.user} /> : <Join token={token} />}
    </AuthFrame>
  );
}

/** The session is another one now, and so is all that was read under the old one. */
function useEntering() {
  const router = useRouter();
  const client = useQueryClient();
  return async ({ project, roles }: { project: string; roles: readonly string[] }) => {
    // Who only ranks begins at once.
    const page = roles.every((role) => role === "annotator") ? `/p/${project}/annotate` : `/p/${project}`;
    client.clear();
    const session = await refreshSession();
    client.setQueryData(sessionQuery.queryKey, session);
    router.history.push(session.second_factor === "to_set_up" ? "/second-factor" : page);
  };
}

function Accept({ token, user }: { token: string; user: User }) {
  const client = useQueryClient();
  const [arrival] = useState(() => arrivalOf(location.search));
  const enter = useEntering();
  const accept = useMutation({
    mutationFn: () => acceptInvitation({ token, ...arrival }),
    onSuccess: enter,
  });
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => client.setQueryData(sessionQuery.queryKey, await refreshSession()),
  });
  const error = accept.error ?? leave.error;
  return (
    <>
      <div className={classes.fields}>
        {error ? <Note care>{messageOf(error)}</Note> : null}
        <Button size="md" loading={accept.isPending} onClick={() => accept.mutate()}>
          <Trans>Join as {user.name || user.email}</Trans>
        </Button>
      </div>
      <p className={classes.foot}>
        <Anchor component="button" type="button" inherit onClick={() => leave.mutate()}>
          <Trans>Use another account</Trans>
        </Anchor>
      </p>
    </>
  );
}

function Join({ token }: { token: string }) {
  const router = useRouter();
  const [arrival] = useState(() => arrivalOf(location.search));
  const enter = useEntering();
  const form = useForm({ initialValues: { name: "", email: "", password: "" } });
  const join = useMutation({
    mutationFn: (values: typeof form.values) => joinByInvitation({ token, ...values, ...arrival }),
    onSuccess: enter,
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  // With what a crowd platform put on the link.
  const back = `/join/${token}${location.search}`;
  return (
    <>
      <form onSubmit={form.onSubmit((values) => join.mutate(values))} className={classes.fields}>
        {join.isError ? <Note care>{messageOf(join.error)}</Note> : null}
        <TextInput label={t`Name`} autoComplete="name" autoFocus size="md" {...form.getInputProps("name")} />
        <TextInput label={t`Email`} type="email" autoComplete="username" required size="md" {...form.getInputProps("email")} />
        <PasswordInput
          label={t`Password`}
          description={t`At least 10 characters. With an account here already: its password.`}
          autoComplete="new-password"
          required
          size="md"
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={join.isPending}>
          <Trans>Join</Trans>
        </Button>
      </form>
      <p className={classes.foot}>
        <Anchor
          component="button"
          type="button"
          inherit
          onClick={() => void router.navigate({ to: "/sign-in", search: { next: back } })}
        >
          <Trans>Sign in to an account you have</Trans>
        </Anchor>
      </p>
    </>
  );
}
