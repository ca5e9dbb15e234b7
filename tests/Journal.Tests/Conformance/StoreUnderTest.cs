namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>What the conformance suite needs of an implementation: a store on data of its own that can be closed and opened again.</summary>
public interface IStoreUnderTest : IAsyncDisposable
{
    /// <summary>The store now open.</summary>
    IStore Store { get; }

    /// <summary>The clock that the store measures with.</summary>
    ManualClock Time { get; }

    /// <summary>Closes the store and opens it on the same data.</summary>
    Task ReopenAsync(StoreSettings settings);

    /// <summary>Puts these in the place of the kind and body of a row of the inbox, as another version could have written them.</summary>
    Task RewriteInboxAsync(long sequence, string kind, string body);

    /// <summary>Puts these in the place of the kind and body of an event, as another version could have written them.</summary>
    Task RewriteEventAsync(long position, string kind, string body);
}

/// <summary>The bounds that the suite sets.</summary>
public sealed record StoreSettings
{
    public int SnapshotEvery { get; init; } = 100;

    public int EventsKeptMax { get; init; } = 10_000;

    public TimeSpan EventsKeptFor { get; init; } = TimeSpan.FromDays(90);

    public TimeSpan AcceptedKeptFor { get; init; } = TimeSpan.FromDays(30);

    public Func<Guid> NewIdentityValue { get; init; } = Guid.NewGuid;
}
