using System.Text;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using Xunit;

namespace PasswordSync.Capture.Tests.Live;

/// <summary>A domain of two real domain controllers; the first calls the hook.</summary>
public sealed class SambaLab : IAsyncLifetime
{
    private int users = -1;

    public SambaHook Hook { get; private set; } = null!;

    public SambaDomain Domain { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Domain = await SambaDomain.StartAsync(
            new SambaDomainOptions { Controllers = 2, Users = 40, PasswordPolicy = new PasswordPolicy { HistoryLength = 5 } }, CancellationToken.None);
        EdgeAccount = await Domain.AddUserAsync("passwordsync-edge", "Agent.Reads.2026", CancellationToken.None);
        await Domain.GrantPoliciesAsync(EdgeAccount.DistinguishedName, CancellationToken.None);
        Hook = new SambaHook();
        await Domain.First.ReconfigureAsync(new SambaControllerSettings { CheckPasswordScript = Hook.Command }, CancellationToken.None);
    }

    /// <summary>The account by which edges read the directory: with the rights that the documentation asks for, and no more.</summary>
    public LabUser EdgeAccount { get; private set; } = null!;

    /// <summary>A user that no other test touches.</summary>
    public LabUser NextUser() => Domain.Users[Interlocked.Increment(ref users)];

    public SambaEdge StartEdge() => new(Domain.First, EdgeAccount, Hook);

    /// <summary>A user's own connection to the first DC, for changes without the time that a tool takes to start.</summary>
    public async Task<LdapConnection> ConnectAsync(LabUser user, CancellationToken cancellationToken)
    {
        using var credential = new SimpleCredential(Domain.PrincipalNameOf(user), Encoding.UTF8.GetBytes(user.InitialPassword));
        var options = OptionsFor(Domain);
        return await LdapConnection.ConnectAsync(new LdapServer(Domain.First.Address.ToString(), LdapServer.DefaultTlsPort), credential, options, TimeProvider.System, cancellationToken);
    }

    /// <summary>What an edge of the first DC asks it with.</summary>
    public LdapClient ClientOf(LabUser user) => SambaEdge.ClientOf(Domain.First, user);

    /// <summary>Trusts the domain's authority, and is patient with a busy machine.</summary>
    public static LdapOptions OptionsFor(SambaDomain domain) => new()
    {
        Trust = LdapTrust.CustomRoots([domain.Authority.Certificate]),
        ConnectTimeout = SambaEdge.VerdictBound,
        RequestTimeout = SambaEdge.VerdictBound,
    };

    /// <returns>Whether the DC accepted it.</returns>
    public static async Task<bool> ChangeAsync(LdapConnection connection, LabUser user, string current, string replacement, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ModifyAsync(
                new LdapModifyRequest(user.DistinguishedName, LdapModification.Delete("unicodePwd", Quoted(current)), LdapModification.Add("unicodePwd", Quoted(replacement))), cancellationToken);
            return true;
        }
        catch (LdapException refusal) when (refusal.Result?.Code == LdapResultCode.ConstraintViolation)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Domain is not null) await Domain.DisposeAsync();
        if (Hook is not null) await Hook.DisposeAsync();
    }

    private static ReadOnlyMemory<byte> Quoted(string password) => Encoding.Unicode.GetBytes($"\"{password}\"");
}
