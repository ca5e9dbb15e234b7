using System.Text;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>Whose password an envelope holds is told by the envelope, not by what it comes with; and a repeat is a repeat, however late.</summary>
public sealed class Intake_binding_tests
{
    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_repeat_after_the_maximum_age_is_answered_already_have_and_a_stranger_of_that_age_is_refused()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var capture = await node.CaptureAsync("ann", "Autumn.2026!", 7, Token);
        var stranger = await node.CaptureAsync("ann", "Spring.2026!", 6, Token);
        await node.SendAsync(Token, capture);

        var answer = await node.SendAsync(Token, Aged(capture), Aged(stranger));

        answer.Captures.Single(one => one.CaptureId == capture.CaptureId).Kind.ShouldBe(AnswerKind.AlreadyHave);
        answer.Captures.Single(one => one.CaptureId == stranger.CaptureId).Reason.ShouldBe(RefusalReason.TooOld);
        node.Log.All.ShouldNotContain(line => line.Contains($"{capture.CaptureId}", StringComparison.Ordinal) && line.Contains("refused", StringComparison.Ordinal));
        node.Log.All.ShouldContain(line => line.Contains($"{stranger.CaptureId} of 'ann' is refused: TooOld", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_repeat_of_candidates_after_the_maximum_age_is_answered_already_have_for_each()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var (first, second) = (await node.CaptureAsync("ann", "One.2026!", 7, Token), await node.CaptureAsync("ann", "Two.2026!", 7, Token));
        var item = new AmbiguousCaptures(
            first.ObjectGuid, first.Stamp, first.Names, first.Scopes, first.ConfirmedAt, [.. new[] { first, second }.Select(one => new CandidateCapture(one.CaptureId, one.CapturedAt, one.SpooledAt, one.Envelope))]);
        await node.SendAsync(Token, item);

        var answer = await node.SendAsync(Token, item with { Candidates = [.. item.Candidates.Select(candidate => candidate with { CapturedAt = candidate.CapturedAt - LongAgo })] });

        answer.Captures.Select(one => one.Kind).ShouldBe([AnswerKind.AlreadyHave, AnswerKind.AlreadyHave]);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_envelope_with_the_rid_of_another_account_is_refused()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);

        var answer = await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, hookName: "ann", hookRid: 1105, Token));

        var refused = answer.Captures.ShouldHaveSingleItem();
        refused.Reason.ShouldBe(RefusalReason.WrongBinding);
        refused.Detail.ShouldBe("The envelope is of the account 'ann' with RID 1105, the capture of 'ann' with SID S-1-5-21-1-2-3-1104.");
    }

    [Fact(Timeout = 600_000)]
    public async Task An_envelope_with_the_rid_of_the_account_is_taken_whatever_the_account_is_called_by_now()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);

        await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, hookName: "maiden", hookRid: 1104, Token));

        await node.WaitForAsync<IdentityEvent.AttemptFinished>(_ => true, Token);
        beta.SignIn("ann", "Autumn.2026!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task An_envelope_of_another_name_is_not_sent_before_a_bind_at_the_source_has_settled_it()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var mixedUp = await node.CaptureAsync("ann", "Of.bob.2026!", 7, hookName: "bob", hookRid: 0, Token);
        var follows = await node.CaptureAsync("ann", "Of.ann.2026!", 8, Token);

        (await node.SendAsync(Token, mixedUp)).Captures.ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        await node.SendAsync(Token, follows);

        // The test's source has no server that could be asked, so the first one waits.
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == follows.CaptureId, Token);
        node.Events.ShouldNotContain(entry => entry.Event is IdentityEvent.CaptureAccepted && ((IdentityEvent.CaptureAccepted)entry.Event).Change.CaptureId == mixedUp.CaptureId);
        beta.Writes.Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("ann", 0u, null, true)]
    [InlineData("ANN", 0u, null, true)]
    [InlineData("bob", 0u, null, false)]
    [InlineData("bob", 0u, "bob", true)]
    [InlineData("bob", 1104u, null, true)]
    [InlineData("ann", 1105u, null, false)]
    [InlineData("ann", 1105u, "ann", false)]
    public void An_envelope_that_was_mixed_up_in_the_database_is_not_opened(string hookName, uint hookRid, string? capturedAs, bool isOpened)
    {
        using var key = PrivateSealingKey.Generate();
        var (id, now) = (Guid.NewGuid(), DateTimeOffset.UtcNow);
        var envelope = EnvelopeSealer.Seal(new EnvelopeDescription(id, now, hookRid, "test", "alpha", "dc1.alpha.test", hookName), key.PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes("Autumn.2026!"));
        var names = new AccountNames("CN=ann", "ann", null, null) { ObjectSid = "S-1-5-21-1-2-3-1104" };
        var change = new Change(new CaptureId(id), new AccountId(TestNode.Source, Guid.NewGuid()), new Stamp(0, 1, 1, Guid.NewGuid()), names, new StageTimes(now, now, now, now), now.AddDays(1)) { CapturedAs = capturedAs };

        var reading = new EnvelopeReader(new NoSecrets(), new OneKey(key), "test").Open(envelope, change);

        if (isOpened)
        {
            using var secret = reading.ShouldBeOfType<SecretReading.Opened>().Secret;
        }
        else
        {
            reading.ShouldBeOfType<SecretReading.Unusable>().Reason.ShouldContain("not of 'ann'");
        }
    }

    private static ConfirmedCapture Aged(ConfirmedCapture capture) => capture with { CapturedAt = capture.CapturedAt - LongAgo };

    private static MemoryTarget Target(string login)
    {
        var target = new MemoryTarget();
        target.Add(login);
        return target;
    }

    private sealed class OneKey(PrivateSealingKey key) : IPrivateKeySource
    {
        public PrivateKeyLookup Find(KeyId id) => new(id == key.PublicKey.Id ? key : null, null);
    }

    private sealed class NoSecrets : ISecretStore
    {
        public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CaptureId captureId, CancellationToken cancellationToken) => ValueTask.FromResult<ReadOnlyMemory<byte>?>(null);

        public ValueTask<int> SweepAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => ValueTask.FromResult(0);
    }
}
