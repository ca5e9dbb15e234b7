using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory.Forests;

/// <summary>A forest one of whose domains refuses the service's account: each bind that is tried then counts a wrong password of the one account that it has in all of them.</summary>
[Collection(TwoDomainForest.Tests)]
public sealed class ForestRefusalTests(TwoDomainForest forest)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refusal_of_the_service_s_account_ends_the_tries_of_verification_and_holds_binds_in_all_domains_back()
    {
        // Whom the root domain alone knows.
        var service = await forest.AddToRootAsync(Token);
        using var folder = new ScratchFolder();
        var clock = new SlowClock();
        await using var provider = new ActiveDirectoryProvider(
            forest.Options with { Directory = forest.Options.Directory with { BindName = service.UserPrincipalName, BindPassword = "file:" + folder.Write("bind", "F0rmer.Passw0rd!") } }, Any.Context(clock));

        var checks = (await provider.VerifyAsync(Token)).Checks.ToDictionary(check => check.Name);

        checks["credentials"].Result.ShouldBe(VerificationResult.Passed, checks["credentials"].Finding);
        checks["domain child.kerberos.test"].ShouldSatisfyAllConditions(
            check => check.Result.ShouldBe(VerificationResult.Failed, check.Finding), check => check.Finding.ShouldContain("The name or the password of the bind account is wrong."));
        foreach (var other in (string[])["domain gone.kerberos.test", "domain kerberos.test"])
        {
            checks[other].Result.ShouldBe(VerificationResult.NotRun, checks[other].Finding);
            checks[other].Finding.ShouldStartWith("A domain refused the bind account");
        }

        // The root domain would take the bind; nobody tries, until the pause is over.
        var query = Any.Query(service);
        (await provider.PrepareAsync(query, Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("dc1.child.kerberos.test");
        clock.Skip(TimeSpan.FromMinutes(1));
        (await provider.PrepareAsync(query, Token)).ShouldBeOfType<Preparation.Found>();

        // A domain that has a connection needs no bind, and goes on.
        (await provider.VerifyAsync(Token)).Checks.Single(check => check.Name == "domain kerberos.test").Result.ShouldBe(VerificationResult.Passed);
        (await provider.PrepareAsync(query, Token)).ShouldBeOfType<Preparation.Found>();
    }

    /// <summary>Measures a hundredth of the time that passes, so that no pause ends by itself on a busy machine. Its timers are the system's.</summary>
    private sealed class SlowClock : TimeProvider
    {
        private long skipped;

        public override long GetTimestamp() => (base.GetTimestamp() / 100) + Interlocked.Read(ref skipped);

        public void Skip(TimeSpan time) => Interlocked.Add(ref skipped, (long)(time.TotalSeconds * TimestampFrequency));
    }
}
