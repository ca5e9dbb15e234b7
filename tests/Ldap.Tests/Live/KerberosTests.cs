using System.Diagnostics;
using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>Sealed connections to a real domain controller on port 389.</summary>
[Collection(KerberosEnvironment.Collection)]
public sealed class KerberosTests(LabServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sealed_connection_on_port_389_resets_a_password_and_reads_the_whole_domain()
    {
        var domain = await DomainAsync();
        var user = domain.Users[4];
        using var credential = NegotiateCredential.FromPassword("administrator", SambaDomain.AdministratorPassword, domain.Options.Realm);
        await using var connection = await ConnectAsync(domain, credential);

        await connection.ModifyAsync(new LdapModifyRequest(user.DistinguishedName, LdapModification.Replace("unicodePwd", SambaTests.Quoted("Sealed.Passw0rd"))), Cancellation);
        var everything = new LdapSearchRequest(domain.BaseName, LdapSearchScope.Subtree, LdapFilter.Present("objectClass"), "*");
        var pages = 0;
        await foreach (var entry in connection.SearchPagedAsync(everything, 40, Cancellation)) pages++;
        var together = await Task.WhenAll(domain.Users.Select(one => connection.SearchAsync(Requests.Read(one.DistinguishedName), Cancellation)));

        connection.IsEncrypted.ShouldBeTrue();
        (await domain.First.BindAsync(user, "Sealed.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        pages.ShouldBeGreaterThan(200);
        together.ShouldAllBe(result => result.Entries.Count == 1);
    }

    [Fact]
    public async Task Ticket_cache_of_the_process_is_used_and_an_empty_one_is_told()
    {
        var domain = await DomainAsync();
        var cache = Path.GetTempFileName();
        try
        {
            KerberosEnvironment.Set("KRB5CCNAME", $"FILE:{cache}.none");
            (await ConnectAsync(domain, NegotiateCredential.Default).ShouldEndWithAsync<LdapException>()).Kind.ShouldBe(LdapErrorKind.NegotiationFailed);
            await GetTicketAsync(domain, cache);
            KerberosEnvironment.Set("KRB5CCNAME", $"FILE:{cache}");

            await using var connection = await ConnectAsync(domain, NegotiateCredential.Default);

            (await connection.SearchAsync(Requests.Read(domain.BaseName), Cancellation)).Entries.Count.ShouldBe(1);
        }
        finally
        {
            File.Delete(cache);
        }
    }

    [Fact]
    public async Task Wrong_password_fails_the_negotiation_before_anything_is_asked()
    {
        var domain = await DomainAsync();
        using var credential = NegotiateCredential.FromPassword("administrator", "wrong", domain.Options.Realm);

        var failure = await ConnectAsync(domain, credential).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.NegotiationFailed);
        failure.RequestWasSent.ShouldBe(LdapSent.No);
        failure.IsAboutCredential.ShouldBeTrue();
    }

    [Fact]
    public async Task Server_without_a_service_name_fails_the_negotiation()
    {
        var domain = await DomainAsync();
        using var credential = NegotiateCredential.FromPassword("administrator", SambaDomain.AdministratorPassword, domain.Options.Realm);

        var failure = await LdapConnection.ConnectAsync(domain.First.Server(LdapServer.DefaultPort), credential, domain.Sealed() with { ExpectedName = null }, TimeProvider.System, Cancellation)
            .ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.NegotiationFailed);
        failure.IsAboutCredential.ShouldBeFalse();
    }

    [Fact]
    public async Task Sealing_over_TLS_is_refused_as_a_setting()
    {
        var domain = await DomainAsync();

        var failure = await LdapConnection.ConnectAsync(domain.First.Server(LdapServer.DefaultTlsPort), NegotiateCredential.Default, domain.Tls(), TimeProvider.System, Cancellation)
            .ShouldEndWithAsync<ArgumentException>();

        failure.Message.ShouldContain(nameof(LdapSecurity.None));
    }

    [Fact]
    public async Task Silent_key_distribution_center_costs_the_connect_timeout_and_delays_nobody_else()
    {
        var domain = await DomainAsync();
        await using var silent = new SilentTcpServer();
        var configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(configuration, $"[realms]\n SILENT.TEST = {{\n  kdc = {silent.EndPoint}\n }}\n", Cancellation);
        KerberosEnvironment.Set("KRB5_CONFIG", $"{configuration}:{domain.KerberosConfigurationFile}");
        using var stuckCredential = NegotiateCredential.FromPassword("somebody", "Some.Passw0rd", "SILENT.TEST");
        using var goodCredential = NegotiateCredential.FromPassword("administrator", SambaDomain.AdministratorPassword, domain.Options.Realm);
        var clock = new ManualClock();
        var stuck = LdapConnection.ConnectAsync(domain.First.Server(LdapServer.DefaultPort), stuckCredential, domain.Sealed(), clock, Cancellation);
        await Eventually.HoldsAsync("the silent KDC to be asked", LiveServers.Patience, _ => Task.FromResult(silent.Accepted > 0), Cancellation);

        await using (await ConnectAsync(domain, goodCredential)) stuck.IsCompleted.ShouldBeFalse();

        clock.Advance(domain.Sealed().ConnectTimeout);
        var failure = await stuck.ShouldEndWithAsync<LdapException>();
        failure.Kind.ShouldBe(LdapErrorKind.TimedOut, failure.Message);
        LabKerberos.UseInThisProcess(domain);
        File.Delete(configuration);
    }

    [Theory]
    [InlineData(Tampering.FlipLastByte, LdapErrorKind.ProtocolError)]
    [InlineData(Tampering.SendInClear, LdapErrorKind.BoundExceeded)]
    [InlineData(Tampering.PromiseTooMuch, LdapErrorKind.BoundExceeded)]
    [InlineData(Tampering.CutOff, LdapErrorKind.Closed)]
    public async Task Sealed_connection_does_not_survive_tampering(Tampering tampering, LdapErrorKind expected)
    {
        var domain = await DomainAsync();
        await using var proxy = new TamperingProxy(new(domain.First.Address, LdapServer.DefaultPort));
        using var credential = NegotiateCredential.FromPassword("administrator", SambaDomain.AdministratorPassword, domain.Options.Realm);
        await using var connection = await LdapConnection.ConnectAsync(
            proxy.Address, credential, domain.Sealed(), TimeProvider.System, Cancellation);
        (await connection.SearchAsync(Requests.Read(""), Cancellation)).Entries.Count.ShouldBe(1);
        proxy.Tamper(tampering);

        var failure = await connection.SearchAsync(Requests.Read(""), Cancellation).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(expected);
        failure.OutcomeIsUnknown.ShouldBeTrue();
        connection.IsOpen.ShouldBeFalse();
    }

    private static Task<LdapConnection> ConnectAsync(SambaDomain domain, NegotiateCredential credential) => LdapConnection.ConnectAsync(
        domain.First.Server(LdapServer.DefaultPort),
        credential,
        domain.Sealed(),
        TimeProvider.System,
        Cancellation);

    private async Task<SambaDomain> DomainAsync()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        LabKerberos.UseInThisProcess(domain);
        return domain;
    }

    private static async Task GetTicketAsync(SambaDomain domain, string cache)
    {
        var start = new ProcessStartInfo("/usr/bin/kinit", ["-c", $"FILE:{cache}", $"administrator@{domain.Options.Realm}"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["KRB5_CONFIG"] = domain.KerberosConfigurationFile;
        using var kinit = Process.Start(start)!;
        await kinit.StandardInput.WriteLineAsync(SambaDomain.AdministratorPassword);
        kinit.StandardInput.Close();
        await kinit.WaitForExitAsync(Cancellation);
        kinit.ExitCode.ShouldBe(0);
    }
}
