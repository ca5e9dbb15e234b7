using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>What reaches the accounts of servers on this operating system.</summary>
internal interface ILocalAccountSystem
{
    /// <summary>Whether <see cref="SignInAsync"/> can tell anything.</summary>
    bool CanSignIn { get; }

    /// <summary>Looks an account up.</summary>
    /// <returns>The account as the server writes it, or why there is none.</returns>
    Task<(LocalAccount? Account, DeliveryOutcome? Obstacle)> FindAsync(LocalAccount account, CancellationToken cancellationToken);

    /// <summary>Sets a password; uses the permit last before the password leaves.</summary>
    Task<DeliveryOutcome> SetAsync(LocalAccount account, SetRequest request, Secret password, CancellationToken cancellationToken);

    /// <summary>Signs in once with a password, unless a failure could lock the account.</summary>
    Task<SignInResult> SignInAsync(LocalAccount account, Secret password, CancellationToken cancellationToken);

    /// <summary>Checks reachability, credentials and, where that can be done without a change, the right to set passwords; reads the server's policy.</summary>
    Task<VerificationReport> VerifyAsync(string host, CancellationToken cancellationToken);
}
