/** What to fill in first; the rest folds under “All hyperparameters”. */
export const FIRST_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "reward_model",
  "snapshot",
  "baselines",
  "name",
  "learning_rate",
  "num_epochs",
  "batch_size",
  "beta",
  "num_prompts",
  "splits",
  "responses_per_prompt",
  "human_tasks",
  "temperature",
  "lora",
]);
