using System.Text;
using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>Against a real slapd.</summary>
public sealed class OpenLdapTests(LabServers servers)
{
    private static readonly OpenLdapOptions Kind = new() { Users = 1200, LockoutThreshold = 0 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bind_over_LDAPS_with_a_private_authority_tells_who_one_is()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsync(slapd.SynchronisationName, OpenLdapServer.SynchronisationPassword, slapd.Tls(), Cancellation);

        (await connection.WhoAmIAsync(Cancellation)).ShouldBe($"dn:{slapd.SynchronisationName}");
        connection.IsEncrypted.ShouldBeTrue();
    }

    [Fact]
    public async Task Bind_over_StartTLS_works_and_is_encrypted()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsync(
            slapd.SynchronisationName, OpenLdapServer.SynchronisationPassword, slapd.Tls() with { Security = LdapSecurity.StartTls }, Cancellation);

        (await connection.WhoAmIAsync(Cancellation)).ShouldBe($"dn:{slapd.SynchronisationName}");
        connection.IsEncrypted.ShouldBeTrue();
    }

    [Fact]
    public async Task Wrong_password_is_refused_with_49()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);

        var failure = await slapd.ConnectAsync(slapd.Users[0].DistinguishedName, "wrong", slapd.Tls(), Cancellation).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.Result);
        failure.Result!.Code.ShouldBe(LdapResultCode.InvalidCredentials);
    }

    [Fact]
    public async Task Untrusted_authority_and_wrong_name_are_told_apart()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);

        var untrusted = await slapd.ConnectAsync("cn=x", "x", slapd.Tls() with { Trust = LdapTrust.SystemStore }, Cancellation).ShouldEndWithAsync<LdapException>();
        var misnamed = await slapd.ConnectAsync("cn=x", "x", slapd.Tls() with { ExpectedName = "other.gamma.test" }, Cancellation).ShouldEndWithAsync<LdapException>();

        untrusted.Kind.ShouldBe(LdapErrorKind.UntrustedCertificate);
        untrusted.Certificate!.Subject.ShouldBe($"CN={slapd.HostName}");
        misnamed.Kind.ShouldBe(LdapErrorKind.WrongCertificateName);
        misnamed.Certificate!.FoundNames.ShouldContain(slapd.HostName);
    }

    [Fact]
    public async Task Paged_search_reads_every_user_once()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);
        var search = new LdapSearchRequest(slapd.UserContainer, LdapSearchScope.OneLevel, LdapFilter.Parse("(&(objectClass=inetOrgPerson)(uid=u*))"), "uid");
        var found = new HashSet<string>();

        await foreach (var entry in connection.SearchPagedAsync(search, 100, Cancellation)) found.Add(entry.GetString("uid")!).ShouldBeTrue();

        found.ShouldBe(slapd.Users.Select(user => user.AccountName), ignoreOrder: true);
    }

    [Fact]
    public async Task Size_limit_of_the_request_cuts_off_and_says_so()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);

        var result = await connection.SearchAsync(
            new LdapSearchRequest(slapd.UserContainer, LdapSearchScope.OneLevel, LdapFilter.Present("objectClass"), "1.1") { SizeLimit = 2 }, Cancellation);

        result.Entries.Count.ShouldBe(2);
        result.IsComplete.ShouldBeFalse();
    }

    [Fact]
    public async Task Many_searches_share_a_connection_and_one_of_them_can_be_cancelled()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);
        using var cancellation = new CancellationTokenSource();
        var searches = slapd.Users.Take(200)
            .Select((user, i) => connection.SearchAsync(Requests.Read(user.DistinguishedName), i == 100 ? cancellation.Token : Cancellation))
            .ToList();

        await cancellation.CancelAsync();

        for (var i = 0; i < searches.Count; i++)
        {
            // The cancelled one may have been answered before.
            if (i == 100 && searches[i].IsCanceled) await searches[i].ShouldEndWithAsync<LdapRequestCanceledException>();
            else (await searches[i]).Entries.ShouldHaveSingleItem().Dn.ShouldBe(slapd.Users[i].DistinguishedName);
        }

        (await connection.SearchAsync(Requests.Read(slapd.Suffix), Cancellation)).Entries.Count.ShouldBe(1);
    }

    [Fact]
    public async Task RFC_3062_resets_a_password_and_tells_what_the_policy_refuses()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        var user = slapd.Users[300];
        await using var connection = await slapd.ConnectAsync(slapd.SynchronisationName, OpenLdapServer.SynchronisationPassword, slapd.Tls(), Cancellation);

        (await connection.PasswordModifyAsync(LdapPasswordModifyRequest.Reset(user.DistinguishedName, "Nöw.P€ssw0rd😀"u8.ToArray()), Cancellation)).ShouldBeNull();
        await using var own = await slapd.ConnectAsync(user.DistinguishedName, "Nöw.P€ssw0rd😀", slapd.Tls(), Cancellation);
        var refusal = await own.PasswordModifyAsync(LdapPasswordModifyRequest.Reset(null, "short"u8.ToArray()), Cancellation).ShouldEndWithAsync<LdapException>();

        (await slapd.BindAsync(user, "Nöw.P€ssw0rd😀", Cancellation)).Accepted.ShouldBeTrue();
        (await slapd.BindAsync(user, user.InitialPassword, Cancellation)).Accepted.ShouldBeFalse();
        refusal.Result!.Code.ShouldBe(LdapResultCode.ConstraintViolation);
        refusal.OutcomeIsUnknown.ShouldBeFalse();
    }

    [Fact]
    public async Task RFC_3062_changes_with_the_old_password_and_generates_one()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        var user = slapd.Users[301];
        await using (var own = await slapd.ConnectAsync(user.DistinguishedName, user.InitialPassword, slapd.Tls(), Cancellation))
        {
            var change = LdapPasswordModifyRequest.Change(null, Encoding.UTF8.GetBytes(user.InitialPassword), "Own.Passw0rd"u8.ToArray());
            await own.PasswordModifyAsync(change, Cancellation);
        }

        (await slapd.BindAsync(user, "Own.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);
        var generated = await connection.PasswordModifyAsync(LdapPasswordModifyRequest.Generate(user.DistinguishedName), Cancellation);
        (await slapd.BindAsync(user, Encoding.UTF8.GetString(generated!), Cancellation)).Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task Object_with_an_odd_name_is_found_compared_and_changed_and_a_missing_one_is_told()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        var dn = $"uid=odd\\, \\\"name\\\" #1,{slapd.UserContainer}";
        await slapd.ApplyLdifAsync($"dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: odd, \"name\" #1\ncn: Odd\nsn: Name\n", Cancellation);
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);

        var found = await connection.SearchAsync(
            new LdapSearchRequest(slapd.Suffix, LdapSearchScope.Subtree, LdapFilter.Equal("uid", "odd, \"name\" #1"), "uid", "sn"), Cancellation);
        found.Entries.ShouldHaveSingleItem().GetString("uid").ShouldBe("odd, \"name\" #1");
        (await connection.CompareAsync(new LdapCompareRequest(dn, "sn", "Name"u8.ToArray()), Cancellation)).ShouldBeTrue();
        (await connection.CompareAsync(new LdapCompareRequest(dn, "sn", "Other"u8.ToArray()), Cancellation)).ShouldBeFalse();
        await connection.ModifyAsync(new LdapModifyRequest(found.Entries[0].Dn, LdapModification.Replace("sn", "Newer"), LdapModification.Add("mail", "odd@example.test")), Cancellation);
        (await connection.SearchAsync(Requests.Read(dn), Cancellation)).Entries.ShouldHaveSingleItem().GetString("SN").ShouldBe("Newer");
        await slapd.ApplyLdifAsync($"dn: {dn}\nchangetype: delete\n", Cancellation);

        var gone = await connection.SearchAsync(Requests.Read(dn), Cancellation).ShouldEndWithAsync<LdapException>();
        gone.Result!.Code.ShouldBe(LdapResultCode.NoSuchObject);
        gone.Result.MatchedDn.ShouldBe(slapd.UserContainer);
    }

    [Fact]
    public async Task Unknown_critical_control_is_refused_by_the_server()
    {
        var slapd = await servers.DirectoryAsync(Kind, Cancellation);
        await using var connection = await slapd.ConnectAsAdministratorAsync(Cancellation);
        var search = new LdapSearchRequest(slapd.Suffix, LdapSearchScope.Base, LdapFilter.Present("objectClass")) { Controls = [new LdapControl("1.3.6.1.4.1.99999.1", IsCritical: true, null)] };

        (await connection.SearchAsync(search, Cancellation).ShouldEndWithAsync<LdapException>()).Result!.Code.ShouldBe(LdapResultCode.UnavailableCriticalExtension);
    }
}
