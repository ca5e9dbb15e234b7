using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>A target with a provider for it, as the conformance suite needs it. All but the provider works by the target's own means.</summary>
internal abstract class ConformanceTarget : IAsyncDisposable
{
    /// <summary>The provider under test, with good settings.</summary>
    public abstract IProvider Provider { get; }

    /// <summary>A password that the target refuses by its rules.</summary>
    public abstract string RefusedPassword { get; }

    /// <summary>Adds an account with a password, under a login that nobody else uses.</summary>
    public abstract Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken);

    /// <summary>Whether the account's password is this one.</summary>
    public abstract Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A target that looks accounts up and shows marks.</summary>
internal interface ISearchableTarget
{
    /// <summary>Adds two accounts that the provider cannot tell apart.</summary>
    Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken);

    Task RemoveAsync(AccountNames names, CancellationToken cancellationToken);

    /// <summary>Sets a password as a user of the target would.</summary>
    Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken);
}

/// <summary>A target that is reached over the network with credentials.</summary>
internal interface INetworkTarget
{
    /// <summary>A provider with a password or key of the service that the target does not take.</summary>
    IProvider WithWrongCredentials();

    /// <summary>A provider that trusts another authority than the one that issued the target's certificate.</summary>
    IProvider WithForeignRoots();

    /// <summary>A provider for a server that is somewhere else.</summary>
    IProvider At(System.Net.IPEndPoint endPoint);
}
