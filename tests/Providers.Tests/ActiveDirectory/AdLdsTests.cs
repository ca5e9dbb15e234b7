using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>The settings for AD LDS, as far as Samba's directory can stand in for it: it has its attributes, and more.</summary>
public sealed class AdLdsTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("userPrincipalName")]
    [InlineData("displayName")]
    public async Task An_account_is_found_by_a_free_attribute_and_its_password_set_and_probed_without_a_sign_in(string attribute)
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Token);
        await using var target = new SambaConformanceTarget(domain, DirectorySecurity.Ldaps);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        if (attribute == "displayName") await domain.First.ApplyLdifAsync($"dn: {names.DistinguishedName}\nchangetype: modify\nreplace: displayName\ndisplayName: {names.UserPrincipalName}\n", Token);
        await using var provider = SambaConformanceTarget.Make(target.Options with
        {
            DirectoryKind = DirectoryKind.AdLds,
            Base = domain.UserContainer,
            Source = null,
            Match = [new MatchRule(SourceAttribute.UserPrincipalName, attribute)],
            VerifyAccount = names.UserPrincipalName,
        });
        using var password = Any.Secret("N3w.Passw0rd!");

        (await provider.VerifyAsync(Token)).Checks.Select(check => (check.Name, check.Result)).ShouldBe(
            ((string[])["reachability", "certificate", "credentials", "base", "mark", "rights"]).Select(name => (name, VerificationResult.Passed)));
        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        provider.Description.CanProbeBySignIn.ShouldBeFalse();
        (await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token)).ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("AD LDS");
    }
}
