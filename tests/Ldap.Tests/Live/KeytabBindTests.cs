using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>Binds by keytab at a real domain controller, with keytabs that its own tool exported.</summary>
[Collection(KerberosEnvironment.Collection)]
public sealed class KeytabBindTests(LabServers servers) : IDisposable
{
    private readonly TemporaryFolder folder = TemporaryFolder.Create("keytabs");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Accounts_by_several_keytabs_are_bound_at_the_same_time_in_one_process()
    {
        var domain = await DomainAsync();
        var users = domain.Users.Skip(5).Take(2).ToArray();
        var credentials = new List<NegotiateCredential>();
        foreach (var user in users) credentials.Add(await CredentialAsync(domain, user));

        var said = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            await using var connection = await ConnectAsync(domain, credentials[i % 2]);
            return await WhoAsync(connection);
        }));

        string[] expected = [await SidAsync(domain, users[0]), await SidAsync(domain, users[1])];
        said.ShouldBe(Enumerable.Range(0, 8).Select(i => expected[i % 2]));
        (await ConnectAsync(domain, NegotiateCredential.Default).ShouldEndWithAsync<LdapException>()).Message.ShouldContain("KRB5CCNAME", customMessage: "the process's own identity is untouched");
    }

    [Fact]
    public async Task Client_keytab_of_the_process_is_its_own_identity()
    {
        var domain = await DomainAsync();
        var user = domain.Users[7];
        var keytab = folder.PathOf("process.keytab");
        await LabKerberos.ExportKeytabAsync(domain.First, user.AccountName, keytab, Cancellation);
        KerberosEnvironment.Set("KRB5_CLIENT_KTNAME", $"FILE:{keytab}");
        KerberosEnvironment.Set("KRB5CCNAME", "MEMORY:own-account");
        try
        {
            await using var connection = await ConnectAsync(domain, NegotiateCredential.Default);

            (await WhoAsync(connection)).ShouldBe(await SidAsync(domain, user));
        }
        finally
        {
            KerberosEnvironment.Set("KRB5_CLIENT_KTNAME", $"FILE:{folder.PathOf("none")}");
        }
    }

    [Fact]
    public async Task Key_from_before_a_change_of_the_password_is_told_as_such_and_no_other_server_is_asked()
    {
        var domain = await DomainAsync();
        var user = await domain.AddUserAsync("keytab-old", "F0rmer.Passw0rd!", Cancellation);
        using var credential = await CredentialAsync(domain, user);
        await domain.First.ApplyLdifAsync($"dn: {user.DistinguishedName}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {Convert.ToBase64String(SambaTests.Quoted("N3w.Passw0rd!"))}\n", Cancellation);

        var failure = await ConnectAsync(domain, credential).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.NegotiationFailed);
        failure.Message.ShouldContain("Export the keytab anew");
        failure.Message.ShouldContain("keytab-old@ALPHA.TEST");
        failure.IsAboutCredential.ShouldBeTrue();
        failure.RequestWasSent.ShouldBe(LdapSent.No);
    }

    [Fact]
    public async Task Keytab_that_is_missing_or_none_or_of_somebody_else_is_told_with_what_was_found()
    {
        var domain = await DomainAsync();
        var other = folder.PathOf("other.keytab");
        await LabKerberos.ExportKeytabAsync(domain.First, "u0009", other, Cancellation);
        var garbage = folder.PathOf("garbage");
        await File.WriteAllTextAsync(garbage, "no keytab", Cancellation);

        (await FailAsync(folder.PathOf("missing.keytab"))).ShouldContain("missing.keytab cannot be read");
        (await FailAsync(garbage)).ShouldBe($"The file {garbage} is no keytab.");
        (await FailAsync(other)).ShouldBe($"The keytab {other} has no key of u0008@ALPHA.TEST; it has u0009@ALPHA.TEST. Names are compared with regard to case.");

        async Task<string> FailAsync(string keytab)
        {
            using var credential = NegotiateCredential.FromKeytab("u0008", domain.Options.Realm, keytab);
            return (await ConnectAsync(domain, credential).ShouldEndWithAsync<LdapException>()).Message;
        }
    }

    [Fact]
    public async Task Server_that_has_no_service_name_is_told_with_the_name_that_was_asked_for()
    {
        var domain = await DomainAsync();
        using var credential = await CredentialAsync(domain, domain.Users[6]);

        var failure = await LdapConnection.ConnectAsync(domain.First.Server(LdapServer.DefaultPort), credential, domain.Sealed() with { ExpectedName = null }, TimeProvider.System, Cancellation)
            .ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.NegotiationFailed);
        failure.Message.ShouldContain($"No ticket for ldap/{domain.First.Address}");
        failure.Message.ShouldContain("full DNS name");
        failure.IsAboutCredential.ShouldBeFalse("another server may have one");
    }

    [Fact]
    public async Task Key_distribution_center_that_refuses_connections_is_a_matter_of_time()
    {
        var domain = await DomainAsync();
        using var credential = await CredentialAsync(domain, domain.Users[8]);
        var configuration = folder.PathOf("krb5.conf");
        await File.WriteAllTextAsync(configuration, "[libdefaults]\n default_realm = ALPHA.TEST\n dns_lookup_kdc = false\n[realms]\n ALPHA.TEST = {\n  kdc = 127.77.255.1:1\n }\n", Cancellation);
        KerberosEnvironment.Set("KRB5_CONFIG", configuration);
        try
        {
            var failure = await LdapConnection.ConnectAsync(
                domain.First.Server(LdapServer.DefaultPort), credential, domain.Sealed(), TimeProvider.System, Cancellation)
                .ShouldEndWithAsync<LdapException>();

            failure.Kind.ShouldBe(LdapErrorKind.Unreachable);
            failure.Message.ShouldContain("port 88");
        }
        finally
        {
            LabKerberos.UseInThisProcess(domain);
        }
    }

    [Fact]
    public async Task Connection_gives_way_to_a_new_one_before_its_ticket_ends()
    {
        var domain = await DomainAsync();
        var user = domain.Users[9];
        var keytab = folder.PathOf("short.keytab");
        await LabKerberos.ExportKeytabAsync(domain.First, user.AccountName, keytab, Cancellation);
        var configuration = folder.PathOf("short.conf");
        await File.WriteAllTextAsync(configuration, "[libdefaults]\n ticket_lifetime = 10m\n", Cancellation);
        KerberosEnvironment.Set("KRB5_CONFIG", $"{configuration}:{domain.KerberosConfigurationFile}");
        try
        {
            var clock = new ManualClock();
            var options = new LdapClientOptions { Servers = [domain.First.Server(LdapServer.DefaultPort)], Connection = domain.Sealed() };
            await using var client = new LdapClient(options, _ => new(NegotiateCredential.FromKeytab(user.AccountName, domain.Options.Realm, keytab)), clock);

            var first = await client.GetConnectionAsync(Cancellation);
            clock.Advance(TimeSpan.FromMinutes(7));
            (await client.GetConnectionAsync(Cancellation)).ShouldBeSameAs(first);
            clock.Advance(TimeSpan.FromMinutes(1));
            var second = await client.GetConnectionAsync(Cancellation);

            second.ShouldNotBeSameAs(first);
            (await WhoAsync(second)).ShouldBe(await SidAsync(domain, user));
            (await WhoAsync(first)).ShouldBe(await SidAsync(domain, user), "what is under way keeps the old one");
        }
        finally
        {
            LabKerberos.UseInThisProcess(domain);
        }
    }

    [Fact]
    public async Task Tickets_that_a_server_refused_one_bind_stay_for_the_others_that_began_with_them_and_for_no_longer()
    {
        var domain = await DomainAsync();
        using var credential = await CredentialAsync(domain, domain.Users[5]);
        using var refused = KerberosTickets.Begin(credential).ShouldNotBeNull();
        using var other = KerberosTickets.Begin(credential).ShouldNotBeNull();
        KerberosTickets.Prepare(credential, refused);

        refused.Forget();
        refused.Forget();
        refused.Dispose();

        using var next = KerberosTickets.Begin(credential).ShouldNotBeNull();
        other.Cache.ShouldBe(refused.Cache);
        next.Cache.ShouldNotBe(other.Cache);
        Acquire(other.Cache).ShouldNotThrow();
        Acquire(next.Cache).ShouldThrow<GssException>("the next bind must ask the KDC");
        other.Dispose();
        Acquire(other.Cache).ShouldThrow<GssException>();

        // Without a keytab only what is in the cache will do.
        Action Acquire(string cache) => () => GssCredential.ByKeytab(credential.Name, folder.PathOf("none.keytab"), cache).Dispose();
    }

    private static Task<LdapConnection> ConnectAsync(SambaDomain domain, NegotiateCredential credential) => LdapConnection.ConnectAsync(
        domain.First.Server(LdapServer.DefaultPort), credential, domain.Sealed(), TimeProvider.System, Cancellation);

    /// <summary>Samba has no "Who am I?"; the first of the token's identifiers is the account's own.</summary>
    private static async Task<string> WhoAsync(LdapConnection connection) =>
        (await connection.SearchAsync(new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "tokenGroups"), Cancellation)).Entries.Single().GetSid("tokenGroups").ShouldNotBeNull();

    private static async Task<string> SidAsync(SambaDomain domain, LabUser user)
    {
        await using var connection = await domain.ConnectAsAdministratorAsync(Cancellation);
        return (await connection.SearchAsync(Requests.Read(user.DistinguishedName), Cancellation)).Entries.Single().GetSid("objectSid").ShouldNotBeNull();
    }

    private async Task<NegotiateCredential> CredentialAsync(SambaDomain domain, LabUser user)
    {
        var keytab = folder.PathOf($"{user.AccountName}.keytab");
        await LabKerberos.ExportKeytabAsync(domain.First, user.AccountName, keytab, Cancellation);
        return NegotiateCredential.FromKeytab(user.AccountName, domain.Options.Realm, keytab);
    }

    private async Task<SambaDomain> DomainAsync()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        LabKerberos.UseInThisProcess(domain);
        KerberosEnvironment.Set("KRB5_CLIENT_KTNAME", $"FILE:{folder.PathOf("none")}");
        return domain;
    }
}
