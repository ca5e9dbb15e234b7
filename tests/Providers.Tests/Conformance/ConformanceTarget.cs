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

    /// <summary>Whether the target's published rules let it take this one, which is well-formed and of good length.</summary>
    public virtual bool Takes(string password) => true;

    /// <summary>Adds an account with a password, under a login that nobody else uses.</summary>
    public abstract Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken);

    /// <summary>Whether the account's password is this one.</summary>
    public abstract Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A target that looks accounts up and shows marks.</summary>
internal interface IProbingTarget
{
    /// <summary>As <see cref="ConformanceTarget.AddAsync"/>, with a login that holds as many characters with a meaning in queries and addresses as the target allows.</summary>
    Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken);

    Task RemoveAsync(AccountNames names, CancellationToken cancellationToken);

    /// <summary>Sets a password as a user of the target would.</summary>
    Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken);
}

/// <summary>A target in which a match need not be unique.</summary>
internal interface ISearchableTarget : IProbingTarget
{
    /// <summary>Adds two accounts that the provider cannot tell apart.</summary>
    Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken);
}

/// <summary>A target that a sync point of a node can be configured for.</summary>
internal interface IConfigurableTarget : IProbingTarget
{
    /// <summary>The provider's settings, as an administrator writes them.</summary>
    object Settings { get; }

    /// <summary>As <see cref="ConformanceTarget.AddAsync"/>, under a login that the caller chose.</summary>
    Task<AccountNames> AddAsync(string login, string password, CancellationToken cancellationToken);
}

/// <summary>A target that is reached over the network with credentials.</summary>
internal interface INetworkTarget
{
    /// <summary>Where it is.</summary>
    System.Net.IPEndPoint EndPoint { get; }

    /// <summary>A provider with a password or key of the service that the target does not take.</summary>
    IProvider WithWrongCredentials();

    /// <summary>A provider whose service the target knows and lets set no passwords.</summary>
    Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken);

    /// <summary>A provider for a server that is somewhere else.</summary>
    IProvider At(System.Net.IPEndPoint endPoint);
}

/// <summary>A target that shows a certificate.</summary>
internal interface ITlsTarget : INetworkTarget
{
    /// <summary>A provider that trusts another authority than the one that issued the target's certificate.</summary>
    IProvider WithForeignRoots();
}

/// <summary>A target that can be told what to answer to the next write.</summary>
internal interface IThrottlingTarget
{
    /// <summary>The next write is refused because there are too many.</summary>
    /// <param name="retryAfter">The pause that the answer asks for; null if it names none.</param>
    void ThrottleNext(TimeSpan? retryAfter);
}
