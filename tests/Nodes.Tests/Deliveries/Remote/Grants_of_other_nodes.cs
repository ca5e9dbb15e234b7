using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Stamps;
using PasswordSync.Providers.Contract;
using Shouldly;
using Xunit;
using static PasswordSync.Nodes.Tests.Deliveries.Remote.OwnerFixture;

namespace PasswordSync.Nodes.Tests.Deliveries.Remote;

/// <summary>What another node was allowed to write stays what it was: for that change, and no longer than the owner's own window.</summary>
public sealed class Grants_of_other_nodes
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task I2_a_look_at_the_same_account_for_somebody_else_does_not_have_that_ones_password_written()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        await owner.StartNodeAsync("south");
        var anns = await owner.CaptureAsync(1);
        var another = await owner.CaptureAsync(1, Canary + "2", new IdentityId(Guid.NewGuid()));
        var found = (await owner.Remote.PrepareAsync(QueryOf(anns), Token)).ShouldBeOfType<Preparation.Found>();
        (await owner.Remote.PrepareAsync(QueryOf(another), Token)).ShouldBeOfType<Preparation.Found>().Target.ShouldBe(found.Target);

        using var password = Secret.FromCharacters(Canary);
        (await owner.Remote.SetPasswordAsync(RequestOf(owner, found, anns, new WriteWindow(owner.Clock.GetTimestamp(), TimeSpan.FromSeconds(10))), password, Token)).IsSuccess.ShouldBeTrue();

        owner.Target.SignIn("ann", Canary).ShouldBeTrue();
        owner.Target.Writes.ShouldHaveSingleItem().CaptureId.ShouldBe(anns.CaptureId);
        (await owner.Remote.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark) { CaptureId = anns.CaptureId }, password, Token)).ShouldBeOfType<ProbeVerdict.Present>();
        (await owner.Remote.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark) { CaptureId = another.CaptureId }, password, Token)).ShouldBeOfType<ProbeVerdict.Absent>();
    }

    [Fact(Timeout = 600_000)]
    public async Task I3_another_look_at_the_account_within_an_attempt_does_not_prolong_its_window_at_the_node_that_writes()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south");
        var change = await owner.CaptureAsync();
        await owner.Remote.PrepareAsync(QueryOf(change), Token);
        var window = new WriteWindow(owner.Clock.GetTimestamp(), TimeSpan.FromSeconds(10));
        owner.Clock.Advance(TimeSpan.FromSeconds(4));
        var found = (await owner.Remote.PrepareAsync(QueryOf(change), Token)).ShouldBeOfType<Preparation.Found>();

        using var password = Secret.FromCharacters(Canary);
        (await owner.Remote.SetPasswordAsync(RequestOf(owner, found, change, window), password, Token)).IsSuccess.ShouldBeTrue();

        south.Steps.Last().Write.ShouldNotBeNull().Window.ShouldBe(TimeSpan.FromSeconds(6));
    }

    [Fact(Timeout = 600_000)]
    public async Task I3_a_window_that_is_over_when_the_account_is_found_again_permits_nothing()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        await owner.StartNodeAsync("south");
        var change = await owner.CaptureAsync();
        var window = new WriteWindow(owner.Clock.GetTimestamp(), TimeSpan.FromSeconds(10));
        owner.Clock.Advance(TimeSpan.FromSeconds(10));
        var found = (await owner.Remote.PrepareAsync(QueryOf(change), Token)).ShouldBeOfType<Preparation.Found>();

        using var password = Secret.FromCharacters(Canary);
        (await owner.Remote.SetPasswordAsync(RequestOf(owner, found, change, window), password, Token)).ShouldBeOfType<DeliveryOutcome.Transient>();

        owner.Target.Writes.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_is_gone_after_it_has_found_the_account_has_certainly_written_nothing()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south");
        var change = await owner.CaptureAsync();
        var found = (await owner.Remote.PrepareAsync(QueryOf(change), Token)).ShouldBeOfType<Preparation.Found>();
        await south.DieAsync();

        using var password = Secret.FromCharacters(Canary);
        var outcome = await owner.Remote.SetPasswordAsync(RequestOf(owner, found, change, new WriteWindow(owner.Clock.GetTimestamp(), TimeSpan.FromSeconds(10))), password, Token);

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("Node south did not take the write");
        (await owner.Remote.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark) { CaptureId = change.CaptureId }, password, Token)).ShouldBeOfType<ProbeVerdict.Inconclusive>();
    }

    [Fact(Timeout = 600_000)]
    public async Task I2_the_stamp_that_the_account_has_comes_back_with_it_so_that_a_newer_password_there_is_not_written_over()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var stamp = new Stamp(1, 4_000_000_000, Stamp.ToOriginatingSecond(owner.Clock.GetUtcNow()), Guid.NewGuid());
        await owner.StartNodeAsync("south", around: inner => new StampedProvider(inner, stamp));
        var change = await owner.CaptureAsync();

        (await owner.Remote.PrepareAsync(QueryOf(change), Token)).ShouldBeOfType<Preparation.Found>().PresentStamp.ShouldBe(stamp);
    }

    private static TargetQuery QueryOf(Change change) => new(change.CaptureId, change.Account, change.Names);

    private static SetRequest RequestOf(OwnerFixture owner, Preparation.Found found, Change change, WriteWindow window) =>
        new(found.Target, found.Mark, change.CaptureId, MustChangeAtNextLogon: false, new WritePermit(owner.Clock.GetUtcNow().AddMinutes(1), window, owner.Clock));

    /// <summary>A target that is a source itself and shows the stamps of its accounts.</summary>
    private sealed class StampedProvider(IProvider inner, Stamp stamp) : IProvider
    {
        public ProviderDescription Description => inner.Description;

        public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) =>
            await inner.PrepareAsync(query, cancellationToken) is Preparation.Found found ? found with { PresentStamp = stamp } : throw new InvalidOperationException("The account is there.");

        public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken) => inner.SetPasswordAsync(request, password, cancellationToken);

        public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) => inner.ProbeAsync(request, password, cancellationToken);

        public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => inner.VerifyAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
