using System.Collections.Immutable;
using PasswordSync.Capture.Health;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.Capture.Resolution;

/// <summary>The domain's password policies.</summary>
public sealed partial class LdapSourceDirectory
{
    public Task<ComplexityFinding> FindWithoutComplexityAsync(CancellationToken cancellationToken) => AskAsync(
        async (connection, token) =>
        {
            var controller = await IdentifyAsync(connection, token).ConfigureAwait(false);
            var policies = await DomainPasswordPolicy.ReadAllAsync(connection, controller.DomainDn, token).ConfigureAwait(false);
            var without = from policy in policies
                          where policy.IsComplex == false
                          select policy.IsFineGrained ? $"The fine-grained policy '{policy.Dn}'" : $"The password policy of domain '{policy.Dn}'";
            return new ComplexityFinding([.. without], await DomainPasswordPolicy.AreFineGrainedShownAsync(connection, controller.DomainDn, token).ConfigureAwait(false));
        },
        cancellationToken);

    /// <summary>The password policies of the domain: its own, then the fine-grained ones that the account may read.</summary>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    public Task<ImmutableArray<DomainPasswordPolicy>> ReadPasswordPoliciesAsync(CancellationToken cancellationToken) => AskAsync(
        async (connection, token) =>
        {
            var controller = await IdentifyAsync(connection, token).ConfigureAwait(false);
            return await DomainPasswordPolicy.ReadAllAsync(connection, controller.DomainDn, token).ConfigureAwait(false);
        },
        cancellationToken);
}
