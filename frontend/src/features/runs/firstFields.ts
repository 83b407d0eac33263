/** What to fill in first, in this order; the rest folds under “All hyperparameters”. */
export const FIRST_FIELDS: readonly string[] = [
  "model",
  "reward_model",
  "snapshot",
  "baselines",
  "name",
  "num_prompts",
  "splits",
  "responses_per_prompt",
  "human_tasks",
  "temperature",
  "learning_rate",
  "num_epochs",
  "batch_size",
  "beta",
  "lora",
];
