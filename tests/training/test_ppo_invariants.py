"""The nineteen things that must hold of PPO for language models, one test (or a few) for each."""

from __future__ import annotations

import json
import math
import shutil

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from rlhf.specs import Lora
from rlhf.training import ppo_math
from rlhf.training.engines import cut_at_stop
from rlhf.training.errors import Cancelled, TrainingError
from rlhf.training.modeling import load_policy, load_reward_model, load_tokenizer, save_model
from rlhf.training.ppo import ADAM_EPS, train_ppo
from rlhf.training.ppo_models import Batch, Row
from rlhf.training.ppo_targets import Targets
from rlhf.training.rewards import Rewards, check_parity, shape_scores
from rlhf.training.scoring import Scorer
from tests.training.ppo_parts import (
    Constant,
    Recorder,
    batch_of,
    brute_force_gae,
    make_run,
    mask_of,
    ppo_spec,
)
from tests.training.tiny import user

LENGTHS = [5, 1, 3, 7]
LORA = Lora(r=4)


@pytest.fixture(scope="module")
def reward_model(base_model, tmp_path_factory):
    """With a head of its own, as drawn."""
    folder = tmp_path_factory.mktemp("reward")
    tokenizer = load_tokenizer(base_model)
    model = load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=5)
    save_model(model, tokenizer, folder)
    return folder


@pytest.fixture
def start(base_model, snapshot, tmp_path):
    def start(reward_folder=None, rewards=None, **changes):
        spec = ppo_spec(**changes)
        return make_run(
            spec, base_model, snapshot, tmp_path / "out", reward_folder=reward_folder, rewards=rewards
        )

    return start


def rows_of(lengths, prompt_lengths=(4, 9, 2, 6)):
    generator = torch.Generator().manual_seed(1)

    def draw(count):
        return torch.randint(6, 300, (count,), generator=generator).tolist()

    return [Row(draw(p), draw(c)) for p, c in zip(prompt_lengths, lengths, strict=True)]


def test_01_score_at_last_real_token():
    mask = mask_of(LENGTHS)
    scores = torch.tensor([1.0, 2.0, 3.0, 4.0])
    rewards = ppo_math.token_rewards(scores, torch.zeros(4, 7), mask, kl_coef=0.1)
    golden = torch.zeros(4, 7)
    golden[0, 4], golden[1, 0], golden[2, 2], golden[3, 6] = 1.0, 2.0, 3.0, 4.0
    assert torch.equal(rewards, golden)
    # The KL of the last token is paid beside it, and none is paid at padding, whatever stands there.
    kl = torch.full((4, 7), 10.0)
    assert torch.equal(
        ppo_math.token_rewards(scores, kl, mask, kl_coef=0.1), golden - torch.where(mask, 1.0, 0.0)
    )


def test_02_first_minibatch_has_ratio_one(start):
    run = start(temperature=0.7)
    rollout, _ = run.collect()
    targets = Targets(rollout, run.spec)
    part = list(range(len(rollout.rows)))
    sums = targets.backward(run.models, [(batch_of(run, rollout.rows), part)], 1, learns_policy=True)
    found = dict(zip(Targets.SUMS, (sums / rollout.mask.sum()).tolist(), strict=True))
    assert found["val/ratio"] == pytest.approx(1, abs=1e-4)
    assert found["policy/approxkl_avg"] == pytest.approx(0, abs=1e-8)
    assert found["policy/clipfrac_avg"] == 0
    # The sampler, the trainer and the reference divide by the same temperature.
    torch.testing.assert_close(rollout.sampler, rollout.logprobs, atol=1e-4, rtol=0)
    torch.testing.assert_close(rollout.reference, rollout.logprobs, atol=1e-4, rtol=0)
    run.spec.temperature = 1.0
    batch = batch_of(run, rollout.rows)
    assert (run.models.logprobs(batch)[0] - rollout.logprobs[rollout.mask]).abs().max() > 0.1


def test_03_support_is_full(start):
    with pytest.raises(ValidationError, match="top_p must be 1"):
        ppo_spec(top_p=0.9)
    run = start()
    for _ in range(5):
        run._watch_kl(-0.5)
    assert "KL was negative in 5 rollouts in a row" in run.reporter.lines[-1]
    run.reporter.lines.clear()
    for kl in (-0.5, -0.5, -0.5, -0.5, 0.1, -0.5):
        run._watch_kl(kl)
    assert not run.reporter.lines


def test_04_padding_changes_nothing(start):
    """On either side, and in company or alone."""
    run = start()
    models, rows = run.models, rows_of(LENGTHS)
    batch = batch_of(run, rows)
    with torch.no_grad():
        together, _ = models.logprobs(batch)
        values = models.values(batch)
        start_at = 0
        for row in rows:
            alone, _ = models.logprobs(Batch([row], pad_token_id=0))
            length = len(row.completion)
            torch.testing.assert_close(together[start_at : start_at + length], alone, atol=1e-5, rtol=0)
            alone_values = models.values(Batch([row], pad_token_id=0))
            torch.testing.assert_close(values[start_at : start_at + length], alone_values, atol=1e-5, rtol=0)
            left = left_padded_logprobs(models.policy, row, num_pads=5)
            torch.testing.assert_close(alone, left, atol=1e-5, rtol=0)
            start_at += length


def left_padded_logprobs(model, row, *, num_pads):
    ids = torch.tensor([[0] * num_pads + row.prompt + row.completion])
    mask = (torch.arange(ids.shape[1]) >= num_pads).long()[None]
    positions = (torch.arange(ids.shape[1]) - num_pads).clamp(min=0)[None]
    logits = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits[0]
    first = num_pads + len(row.prompt)
    logprobs = torch.log_softmax(logits[first - 1 : -1], -1)
    return logprobs.gather(-1, torch.tensor(row.completion)[:, None])[:, 0]


def test_04_pad_that_ends_completions_is_refused(base_model, snapshot, tmp_path):
    folder = shutil.copytree(base_model, tmp_path / "pad")
    settings = json.loads((folder / "generation_config.json").read_text())
    settings["eos_token_id"] = [2, load_tokenizer(base_model).pad_token_id]
    (folder / "generation_config.json").write_text(json.dumps(settings))
    with pytest.raises(TrainingError, match="PAD token also ends completions"):
        make_run(ppo_spec(), folder, snapshot, tmp_path)


def test_05_reward_model_is_served_as_it_was_trained(start, reward_model):
    run = start(reward_folder=reward_model, rewards=None)
    prompts = [user("Where is my parcel?"), user("A longer question about a refund, please?")]
    assert check_parity(run.rewards, prompts, ["Soon.", "It is on its way today."]) < 1e-4
    # A model that takes another token for PAD reads the score of a padded row at its padding.
    run.rewards.sources[0][0].scorer.model.config.pad_token_id = 300
    with pytest.raises(TrainingError, match="apart in training and in serving"):
        check_parity(run.rewards, prompts, ["Soon.", "It is on its way today."])


def test_06_cut_after_stop_then_scored(start):
    assert cut_at_stop([7, 8, 2, 9, 2], [0.1] * 5, {2}) == ([7, 8, 2], [0.1] * 3, True)
    assert cut_at_stop([7, 8], None, {2}) == ([7, 8], None, False)
    spec = ppo_spec(missing_eos_penalty=1.5, length_penalty=0.1, score_clip=2.0)
    shaped = shape_scores(
        [5.0, -0.5, 1.0], [3, 10, 2], [True, False, True], spec=spec, moments=ppo_math.RunningMoments()
    )
    # Subtracted, never put in the score's place; after clipping, so that clipping cannot swallow it.
    assert shaped == pytest.approx([2.0 - 0.3, -0.5 - 1.0 - 1.5, 1.0 - 0.2])
    run = start()
    rollout, _ = run.collect()
    stops = set(run.engine.stop_ids)
    for row, done in zip(rollout.rows, rollout.finished, strict=True):
        assert (row.completion[-1] in stops) == done
        assert not stops & set(row.completion[:-1])
        assert done or len(row.completion) == 12


def test_07_dropout_is_off(base_model, snapshot, tmp_path):
    folder = shutil.copytree(base_model, tmp_path / "dropout")
    config = json.loads((folder / "config.json").read_text())
    config["attention_dropout"] = 0.5
    (folder / "config.json").write_text(json.dumps(config))
    spec = ppo_spec(lora=Lora(r=4, dropout=0.5), critic="adapter", gradient_checkpointing=True)
    run = make_run(spec, folder, snapshot, tmp_path)
    run.models.learning()
    assert run.models.policy.training
    with torch.no_grad():
        for parameter in run.models.policy.parameters():
            parameter.add_(0.01)  # or adapters would add nothing
    batch = batch_of(run, rows_of(LENGTHS))
    for look in (
        lambda: run.models.logprobs(batch)[0],
        lambda: run.models.reference_logprobs(batch),
        lambda: run.models.values(batch),
    ):
        assert torch.equal(look(), look())


def test_08_critic_starts_as_the_reward_model(start, reward_model):
    run = start(reward_folder=reward_model)
    rows = rows_of(LENGTHS)
    # With one token more, the last value is read at the last token of the text that was scored.
    longer = [Row(row.prompt, [*row.completion, 9]) for row in rows]
    with torch.no_grad():
        values = run.models.values(batch_of(run, longer))
    ends = torch.tensor([len(row.completion) for row in longer]).cumsum(0) - 1
    scorer = Scorer.load(reward_model, batch_size=2)
    scores = scorer.score_ids([row.prompt + row.completion for row in rows])
    assert values[ends].tolist() == pytest.approx(scores, abs=1e-5)


def test_08_critic_learns_alone_while_it_warms_up(start, reward_model):
    run = start(reward_folder=reward_model, critic_warmup_rollouts=1, total_episodes=32)
    before = {name: p.detach().clone() for name, p in run.policy.items()}
    head = run.models.critic.score.weight.detach().clone()
    rollout, _ = run.collect()
    run.learn(rollout)
    assert all(torch.equal(before[name], p) for name, p in run.policy.items())
    assert not torch.equal(head, run.models.critic.score.weight)
    run._finish_rollout(rollout, 1.0, 1.0)
    run.learn(run.collect()[0])
    assert not all(torch.equal(before[name], p) for name, p in run.policy.items())


def test_09_new_heads_have_their_spread_and_scores_their_centre(base_model, start):
    tokenizer = load_tokenizer(base_model)
    heads = [
        load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=seed).score.weight
        for seed in range(30)
    ]
    assert torch.cat(heads).std().item() == pytest.approx(1 / math.sqrt(32 + 1), rel=0.1)
    run = start(score_normalization="center", rewards=Rewards([(Constant(len), 1.0)]))
    first, second = run.collect()[0].scores, None
    assert first.mean().item() == pytest.approx(0, abs=1e-4)  # the first rollout is the reference's
    centre = run.state.moments.mean
    run.state.rollout += 1
    second = run.collect()[0].scores
    assert run.state.moments.mean == centre
    assert second.mean().item() != pytest.approx(0, abs=1e-4)


def test_10_kl_and_its_coefficient_have_their_closed_form():
    mask = mask_of([3, 2])
    policy = torch.tensor([[-1.0, -2.0, -0.5], [-0.1, -3.0, 9.0]])
    reference = torch.tensor([[-1.5, -1.0, -0.5], [-0.2, -2.0, -9.0]])
    k1 = ppo_math.kl_terms(policy, reference, mask)
    torch.testing.assert_close(k1, torch.tensor([[0.5, -1.0, 0.0], [0.1, -1.0, 0.0]]))
    k3 = ppo_math.kl_terms(policy, reference, mask, estimator="k3")
    expected = [[math.exp(-0.5) - 1 + 0.5, math.e - 1 - 1.0, 0], [math.exp(-0.1) - 1 + 0.1, math.e - 2, 0]]
    torch.testing.assert_close(k3, torch.tensor(expected))
    assert (k3 >= 0).all()
    for kl, error in ((6.0, 0.0), (6.6, 0.1), (60.0, 0.2), (0.0, -0.2)):
        controller = ppo_math.KlController(0.5, target=6.0, horizon=1000)
        controller.update(kl, 64)
        assert controller.coef == pytest.approx(0.5 * (1 + error * 64 / 1000))
    fixed = ppo_math.KlController(0.5)
    fixed.update(60.0, 64)
    assert fixed.coef == 0.5
    with pytest.raises(ValidationError, match="kl_coef"):
        ppo_spec(kl_coef=-0.1)


@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_10_both_estimators_have_the_right_mean(estimator):
    generator = torch.Generator().manual_seed(0)
    p, q = torch.randn(2, 20, generator=generator).log_softmax(-1)
    exact = (p.exp() * (p - q)).sum()
    drawn = torch.multinomial(p.exp(), 200_000, replacement=True, generator=generator)
    terms = ppo_math.kl_terms(p[drawn], q[drawn], torch.ones(200_000, dtype=torch.bool), estimator=estimator)
    assert abs(terms.mean() - exact) < 4 * terms.std() / math.sqrt(200_000)


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (1.0, 1.0), (0.99, 0.0)])
def test_11_advantages_are_those_of_the_definition(gamma, lam):
    generator = torch.Generator().manual_seed(3)
    lengths = torch.randint(1, 20, (12,), generator=generator).tolist()
    shape = (12, max(lengths))
    rewards, values = (
        torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2)
    )  # padding holds rubbish on purpose
    found = ppo_math.gae(rewards, values, mask_of(lengths), gamma=gamma, lam=lam)
    expected = brute_force_gae(rewards, values, lengths, gamma, lam)
    torch.testing.assert_close(found.advantages, expected)
    torch.testing.assert_close(
        found.returns, torch.where(mask_of(lengths), expected + values, torch.zeros_like(values))
    )


def test_11_masked_positions_carry_forward():
    rewards, values = torch.tensor([[1.0, 7.0, 2.0]]), torch.tensor([[0.5, 7.0, 0.25]])
    gap = torch.tensor([[True, False, True]])
    with_gap = ppo_math.gae(rewards, values, gap, gamma=0.9, lam=0.8).advantages[:, [0, 2]]
    without = ppo_math.gae(rewards[:, [0, 2]], values[:, [0, 2]], torch.ones(1, 2).bool(), gamma=0.9, lam=0.8)
    torch.testing.assert_close(with_gap, without.advantages)


def test_12_whitening_is_over_real_tokens_of_the_whole_batch(start):
    mask = mask_of(LENGTHS)
    values = torch.randn(4, 7, generator=torch.Generator().manual_seed(2)) * 3 + 5
    white = ppo_math.whiten(values, mask)
    assert white[mask].mean().item() == pytest.approx(0, abs=1e-6)
    assert white[mask].std().item() == pytest.approx(1, abs=1e-4)
    assert (white[~mask] == 0).all()
    kept = ppo_math.whiten(values, mask, shift_mean=False)
    assert kept[mask].mean().item() == pytest.approx(values[mask].mean().item(), abs=1e-5)
    assert kept[mask].std().item() == pytest.approx(1, abs=1e-4)
    run = start(batch_size=3, num_mini_batches=4)  # however it is cut up afterwards
    advantages = Targets(run.collect()[0], run.spec).advantages
    assert advantages.shape[0] == 16
    rollout_mask = advantages != 0
    assert advantages[rollout_mask].mean().item() == pytest.approx(0, abs=1e-5)


def test_13_value_loss_is_clipped_and_halved():
    values = torch.tensor([[1.0, 0.0, 2.0]])
    old = torch.tensor([[0.5, 0.0, 0.0]])
    returns = torch.tensor([[2.0, 1.0, 3.0]])
    mask = torch.tensor([[True, True, False]])
    found = ppo_math.value_loss(values, old, returns, mask, cliprange=0.2)
    # 1.0 is clipped to 0.7, whose error is larger; 0.0 is not clipped; padding does not count.
    assert found.loss.item() == pytest.approx(0.5 * 1.3**2 + 0.5 * 1.0)
    assert found.num_clipped.item() == 1
    assert ppo_spec().vf_coef == 0.1


def test_13_policy_loss_is_the_clipped_objective():
    old = torch.zeros(1, 4)
    new = torch.log(torch.tensor([[1.5, 1.5, 0.5, 0.5]]))
    advantages = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    mask = torch.ones(1, 4, dtype=torch.bool)
    found = ppo_math.policy_loss(new, old, advantages, mask, cliprange=0.2)
    assert found.loss.item() == pytest.approx(-1.2 + 1.5 - 0.5 + 0.8)
    assert found.num_clipped.item() == 2
    weighted = ppo_math.policy_loss(
        new, old, advantages, mask, cliprange=0.2, weights=torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    )
    assert weighted.loss.item() == pytest.approx(-2.4)


def test_14_microbatches_do_not_change_gradients(start, reward_model):
    """1, 2, 4 or 16 rows at a time, in one rollout of ragged lengths."""
    run = start(reward_folder=reward_model)
    rollout, _ = run.collect()
    num_tokens = int(rollout.mask.sum())
    gradients = []
    for size in (1, 2, 4, 16):
        targets = Targets(rollout, run.spec)
        for first in range(0, 16, size):
            part = list(range(first, first + size))
            share = batch_of(run, [rollout.rows[row] for row in part]), part
            targets.backward(run.models, [share], num_tokens, learns_policy=True)
        parameters = [*run.policy.values(), *run.critic.values()]
        gradients.append(torch.cat([p.grad.flatten() for p in parameters]))
        for parameter in parameters:
            parameter.grad = None
    assert gradients[0].abs().max() > 1e-3
    for other in gradients[1:]:
        torch.testing.assert_close(other, gradients[0], atol=1e-6, rtol=1e-4)


def test_15_optimizers_and_schedule_are_as_they_should_be(start, snapshot):
    run = start(total_episodes=64)
    for _, optimizer in run.learners.values():
        assert optimizer.defaults["eps"] == ADAM_EPS == 1e-5
        assert optimizer.defaults["betas"] == (0.9, 0.999)
    assert run.num_steps == 4 * 4
    factors = [ppo_math.learning_rate_factor(step, 16, warmup=4, kind="linear") for step in range(17)]
    assert factors[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert factors[16] == 0
    assert ppo_math.learning_rate_factor(16, 16, warmup=0, kind="cosine") == pytest.approx(0)
    # Every row has a seed of its own, in every rollout: so has every process.
    seeds = {seed for _, _, seed in run._draw_prompts()}
    run.state.rollout = 1
    seeds |= {seed for _, _, seed in run._draw_prompts()}
    assert len(seeds) == 32


def test_16_sampler_that_is_not_the_policy_is_corrected_for(start):
    run = start(importance_cap=2.0)
    rollout, _ = run.collect()
    mask = rollout.mask
    weights = Targets(rollout, run.spec).weights
    torch.testing.assert_close(weights, torch.ones_like(weights), atol=1e-4, rtol=0)
    rollout.sampler = rollout.logprobs - torch.where(mask, math.log(1.5), 0)
    weights = Targets(rollout, run.spec).weights
    assert weights[mask].mean().item() == pytest.approx(1.5, rel=1e-4)
    rollout.sampler = rollout.logprobs - 3.0
    assert Targets(rollout, run.spec).weights[mask].max().item() == pytest.approx(2.0, rel=1e-4)
    run.learn(rollout)
    metrics = run._metrics(rollout)
    assert metrics["sampling/probability_error/max"] > 0.01
    assert metrics["sampling/policy_version"] == 0
    run._finish_rollout(rollout, 1.0, 1.0)
    assert run.collect()[0].policy_version == 4  # updates its author had seen


@pytest.mark.parametrize("kill_at", [4, 6], ids=["between rollouts", "within the epochs of one"])
@pytest.mark.parametrize("form", ["full", "adapters"])
def test_17_resumed_run_ends_with_the_same_bits(form, kill_at, base_model, reward_model, snapshot, tmp_path):
    changes = {"lora": LORA, "critic": "adapter"} if form == "adapters" else {}
    spec = ppo_spec(
        num_ppo_epochs=2,
        num_mini_batches=2,
        checkpoint_every=2,
        kl_target=0.5,
        kl_horizon=50,
        score_normalization="running",
        total_episodes=48,
        **changes,
    )
    arguments = {"model_path": base_model, "reward_model_path": reward_model, "snapshot_dir": snapshot}
    whole, interrupted, resumed = Recorder(), Recorder(stop_after=kill_at), Recorder()
    summary = train_ppo(spec, **arguments, output_dir=tmp_path / "a", reporter=whole)
    with pytest.raises(Cancelled):
        train_ppo(spec, **arguments, output_dir=tmp_path / "b", reporter=interrupted)
    assert max(interrupted.checkpoints) == kill_at
    folder = interrupted.checkpoints[kill_at]
    assert (folder / "rollout.safetensors").is_file() == (kill_at == 6)
    assert not any(path.suffix in {".bin", ".pt", ".pkl"} for path in folder.iterdir())
    again = train_ppo(spec, **arguments, output_dir=tmp_path / "c", reporter=resumed, resume_from=folder)
    assert again == summary
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").glob("[mc]*/*.safetensors")]
    assert {path.parts[0] for path in files} >= {"model", "critic"}
    for path in files:
        first, second = (load_file(tmp_path / name / path) for name in "ac")
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
    for step, values in resumed.values.items():
        timed = {"tokens_per_second", "time/generation_share"}
        assert {k: v for k, v in values.items() if k not in timed} == {
            k: v for k, v in whole.values[step].items() if k not in timed
        }


def test_18_reference_is_the_base_model(start, base_model):
    run = start(lora=LORA, critic="adapter")
    with torch.no_grad():
        for parameter in [*run.policy.values(), *run.critic.values()]:
            parameter.add_(0.05)
        batch = batch_of(run, rows_of(LENGTHS))
        run.models.values(batch)  # leaves the critic's adapter on
        found = run.models.reference_logprobs(batch)
        policy, _ = run.models.logprobs(batch)
        base = load_policy(base_model, run.tokenizer, dtype=torch.float32)
        expected = torch.cat([left_padded_logprobs(base, row, num_pads=0) for row in rows_of(LENGTHS)])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert (policy - found).abs().max() > 0.01


def share_of_small_letters(text):
    return 2 * sum(letter.islower() and letter.isascii() for letter in text) / max(1, len(text))


@pytest.fixture(scope="module")
def train_on_small_letters(base_model, snapshot, tmp_path_factory):
    """(scores, KLs) of each of ten rollouts of four tokens."""

    def train(**changes):
        settings = {
            "learning_rate": 1e-2,
            "critic_learning_rate": 1e-2,
            "kl_coef": 0.0,
            "max_completion_length": 4,
            "rollout_batch_size": 64,
            "batch_size": 64,
            "total_episodes": 64 * 10,
            **changes,
        }
        rewards = Rewards([(Constant(share_of_small_letters), 1.0)])
        folder = tmp_path_factory.mktemp("letters")
        run = make_run(ppo_spec(**settings), base_model, snapshot, folder, rewards=rewards)
        run.train()
        values = [values for _, values in sorted(run.reporter.values.items())]
        return [v["objective/scores"] for v in values], [v["objective/kl"] for v in values]

    return train


@pytest.fixture(scope="module")
def free(train_on_small_letters):
    return train_on_small_letters()


def test_19_synthetic_reward_rises(free):
    scores, _ = free
    assert scores[-1] > scores[0] + 0.5


def test_19_synthetic_reward_rises_with_adapters(train_on_small_letters):
    scores, _ = train_on_small_letters(lora=Lora(r=8), critic="adapter", learning_rate=5e-3)
    assert sum(scores[-3:]) / 3 > sum(scores[:3]) / 3 + 0.1


def test_19_huge_kl_coefficient_freezes_the_policy(free, train_on_small_letters):
    """It may not stray: what a step moves, the next pulls back, whatever the scores promise."""
    scores, kl = free
    frozen_scores, frozen_kl = train_on_small_letters(kl_coef=100.0)
    assert frozen_kl[-1] < 0.5 * kl[-1]
    assert frozen_scores[-1] - frozen_scores[0] < 0.25 < scores[-1] - scores[0]


def test_19_constant_reward_makes_no_drift(start):
    run = start(
        rewards=Rewards([(Constant(lambda text: 0.0), 1.0)]),
        kl_coef=0.0,
        whiten_advantages=False,
        total_episodes=64,
    )
    before = {name: p.detach().clone() for name, p in run.policy.items()}
    run.train()
    assert all(torch.equal(before[name], p) for name, p in run.policy.items())
