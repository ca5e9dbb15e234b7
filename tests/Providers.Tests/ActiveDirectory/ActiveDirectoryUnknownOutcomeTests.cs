using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>A domain controller that freezes with a write in its hands: a domain of the test's own.</summary>
public sealed class ActiveDirectoryUnknownOutcomeTests
{
    /// <summary>Long enough that the write is sent within it on a busy machine, too; all of it is waited for.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_that_a_frozen_controller_took_is_unknown_at_the_deadline_and_found_by_the_next_attempt_when_it_landed_late()
    {
        await using var domain = await SambaDomain.StartAsync(new SambaDomainOptions(), Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        await using var provider = SambaConformanceTarget.Make(target.Options with { Source = null });
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("N3w.Passw0rd!");
        var capture = Any.CaptureId();

        domain.First.Freeze();
        var lost = await executor.ExecuteAsync(
            provider, Any.Attempt(found.Target, TimeProvider.System, Lifetime), capture, mustChangeAtNextLogon: false, password, Token).WaitAsync(Any.LongTime, Token);
        domain.First.Thaw();

        lost.ShouldBeOfType<DeliveryOutcome.Unknown>().Server.ShouldBe($"{target.Options.Directory.Servers.Single()}", "who wonders knows where to look");
        await Eventually.HoldsAsync("the late write to land", Any.LongTime, token => target.HasAsync(names, "N3w.Passw0rd!", token), Token);
        var landed = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        landed.Mark.ShouldNotBe(found.Mark);

        var next = Any.Attempt(found.Target, TimeProvider.System, Any.LongTime) with { ProbeFirst = true, ProbeAgainst = found.Mark };
        (await executor.ExecuteAsync(provider, next, capture, mustChangeAtNextLogon: false, password, Token)).ShouldBe(new DeliveryOutcome.AlreadyThere(landed.Mark, WrittenStamp: null));
    }
}
