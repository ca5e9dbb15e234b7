using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

public sealed class ActiveDirectoryKeytabTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_with_a_keytab_and_no_password_sets_passwords_and_says_when_its_keytab_is_gone()
    {
        var domain = await servers.DomainAsync(KerberosDomain.Options, Token);
        await using var target = await SambaConformanceTarget.WithKerberosAsync(domain, Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        using var folder = new ScratchFolder();
        var keytab = folder.Write("service.keytab", "");
        File.Delete(keytab);
        await LabKerberos.ExportKeytabAsync(domain.First, "Administrator", keytab, Token);
        var directory = target.Options.Directory with { BindName = "Administrator", BindPassword = null, Keytab = $"file:{keytab}" };
        await using var provider = SambaConformanceTarget.Make(target.Options with { Directory = directory });
        await using var late = SambaConformanceTarget.Make(target.Options with { Directory = directory with { BindName = "u0001" } });

        var found = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("N3w.Passw0rd!");
        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        File.Delete(keytab);
        (await late.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Failed).Finding.ShouldContain($"The keytab {keytab} cannot be read");
    }
}
