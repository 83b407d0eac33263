import { Anchor, Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter, useSearch } from "@tanstack/react-router";

import { messageOf } from "@/api/client";
import { sessionQuery, signIn } from "@/api/session";
import { Note } from "@/components/States";

import { AuthFrame } from "./AuthFrame";
import classes from "./AuthFrame.module.css";
import { landing } from "./landing";

export function SignInPage() {
  const router = useRouter();
  const client = useQueryClient();
  const { next } = useSearch({ from: "/sign-in" });
  const form = useForm({ initialValues: { email: "", password: "" } });
  const enter = useMutation({
    mutationFn: signIn,
    onSuccess: async (session) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      router.history.push(next ?? (await landing(client)));
    },
  });
  return (
    <AuthFrame title="Sign in" lead={next ? "Then you go on where you were." : "With the account your team gave you."}>
      <form onSubmit={form.onSubmit((values) => enter.mutate(values))} className={classes.fields}>
        {enter.isError ? <Note care>{messageOf(enter.error)}</Note> : null}
        <TextInput
          label="Email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          size="md"
          {...form.getInputProps("email")}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          size="md"
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={enter.isPending}>
          Sign in
        </Button>
      </form>
      <p className={classes.foot}>
        <Anchor component={Link} to="/forgot-password" inherit>
          Forgot your password?
        </Anchor>
      </p>
    </AuthFrame>
  );
}
