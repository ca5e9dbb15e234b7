using System.Text;
using PasswordSync.Lab;
using PasswordSync.Ldap.Tests.Support;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>Against a real Active Directory domain controller (Samba) over TLS.</summary>
public sealed class SambaTests(LabServers servers)
{
    /// <summary>ERROR_PASSWORD_RESTRICTION of Windows.</summary>
    private const uint PasswordRestriction = 0x52D;

    /// <summary>ERROR_LOGON_FAILURE of Windows.</summary>
    private const uint LogonFailure = 0x52E;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    internal static byte[] Quoted(string password) => Encoding.Unicode.GetBytes($"\"{password}\"");

    [Fact]
    public async Task Wrong_password_is_refused_with_the_reason_of_Active_Directory()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);

        var failure = await domain.ConnectAsync(domain.PrincipalNameOf(domain.Users[0]), "wrong", domain.Tls(), Cancellation).ShouldEndWithAsync<LdapException>();

        failure.Result!.Code.ShouldBe(LdapResultCode.InvalidCredentials);
        ActiveDirectoryDiagnostics.BindReason(failure.Result).ShouldBe(LogonFailure);
    }

    [Fact]
    public async Task Password_is_reset_over_LDAPS_and_the_policy_is_told()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        var user = domain.Users[1];
        await using var connection = await domain.ConnectAsAdministratorAsync(Cancellation);

        await connection.ModifyAsync(new LdapModifyRequest(user.DistinguishedName, LdapModification.Replace("unicodePwd", Quoted("Tls.P€ssw0rd"))), Cancellation);
        var refusal = await connection.ModifyAsync(new LdapModifyRequest(user.DistinguishedName, LdapModification.Replace("unicodePwd", Quoted("x"))), Cancellation)
            .ShouldEndWithAsync<LdapException>();

        (await domain.First.BindAsync(user, "Tls.P€ssw0rd", Cancellation)).Accepted.ShouldBeTrue();
        refusal.Result!.Code.ShouldBe(LdapResultCode.ConstraintViolation);
        ActiveDirectoryDiagnostics.ErrorCode(refusal.Result).ShouldBe(PasswordRestriction);
    }

    [Fact]
    public async Task Password_is_reset_over_StartTLS()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        var user = domain.Users[2];
        await using var connection = await domain.ConnectAsync(
            domain.AdministratorName, SambaDomain.AdministratorPassword, domain.Tls() with { Security = LdapSecurity.StartTls }, Cancellation);

        await connection.ModifyAsync(new LdapModifyRequest(user.DistinguishedName, LdapModification.Replace("unicodePwd", Quoted("Start.Passw0rd"))), Cancellation);

        (await domain.First.BindAsync(user, "Start.Passw0rd", Cancellation)).Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task User_is_found_by_its_objectGUID_in_a_filter_and_as_a_base()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        var user = domain.Users[3];
        await using var connection = await domain.ConnectAsAdministratorAsync(Cancellation);
        var entry = (await connection.SearchAsync(
            new LdapSearchRequest(domain.BaseName, LdapSearchScope.Subtree, LdapFilter.Equal("sAMAccountName", user.AccountName), "objectGUID", "objectSid"), Cancellation))
            .Entries.ShouldHaveSingleItem();
        var guid = entry.GetGuid("objectGUID")!.Value;

        var byFilter = await connection.SearchAsync(new LdapSearchRequest(domain.BaseName, LdapSearchScope.Subtree, LdapFilter.Equal("objectGUID", guid), "cn"), Cancellation);
        var byBase = await connection.SearchAsync(Requests.Read($"<GUID={guid}>"), Cancellation);

        byFilter.Entries.ShouldHaveSingleItem().Dn.ShouldBe(user.DistinguishedName);
        byBase.Entries.ShouldHaveSingleItem().Dn.ShouldBe(user.DistinguishedName);
        entry.GetSid("objectSid")!.ShouldStartWith("S-1-5-21-");
    }

    [Fact]
    public async Task Whole_domain_is_read_in_pages_and_references_are_only_counted()
    {
        var domain = await servers.DomainAsync(new SambaDomainOptions(), Cancellation);
        await using var connection = await domain.ConnectAsAdministratorAsync(Cancellation);
        var everything = new LdapSearchRequest(domain.BaseName, LdapSearchScope.Subtree, LdapFilter.Present("objectClass"), "1.1");
        var atOnce = await connection.SearchAsync(everything, Cancellation);
        var paged = new List<string>();

        await foreach (var entry in connection.SearchPagedAsync(everything, 50, Cancellation)) paged.Add(entry.Dn);

        atOnce.ReferenceCount.ShouldBeGreaterThan(0);
        paged.ShouldBe(atOnce.Entries.Select(entry => entry.Dn), ignoreOrder: true);
    }
}
