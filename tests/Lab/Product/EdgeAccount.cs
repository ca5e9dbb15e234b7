namespace PasswordSync.Lab.Product;

/// <summary>The account by which edges read a domain: any user's, with the one right that docs/operations/single-node.md asks for.</summary>
internal static class EdgeAccount
{
    public const string Password = "Agent.Reads.2026";

    private const string Name = "passwordsync-edge";

    /// <summary>The account as <see cref="MakeAsync"/> makes it.</summary>
    public static LabUser In(SambaDomain domain) => LabUser.Named(Name, Password, "CN", domain.UserContainer);

    /// <summary>Makes it, and waits until each DC lets it read what it needs.</summary>
    public static async Task MakeAsync(SambaDomain domain, CancellationToken cancellationToken)
    {
        var account = await domain.AddUserAsync(Name, Password, cancellationToken);
        await domain.GrantPoliciesAsync(account.DistinguishedName, cancellationToken);
        foreach (var controller in domain.Controllers)
        {
            await Eventually.HoldsAsync($"{controller.FullName} to show {Name} the fine-grained policies", SambaDomain.ReplicationBound, async token =>
            {
                if (await controller.ShowsAsync(account, SambaGrant.PoliciesOf(domain), token)) return true;
                if (controller != domain.First) await controller.TryReplicateFromAsync(domain.First, token);
                return false;
            }, cancellationToken);
        }
    }
}
