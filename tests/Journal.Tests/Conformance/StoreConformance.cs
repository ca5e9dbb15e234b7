using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>
/// What every implementation of the ports must pass. Written against the ports alone: an implementation derives one class from each suite and says how it
/// is opened on data of its own.
/// </summary>
public abstract class StoreConformance
{
    /// <summary>Opens a new, empty store with 256 shards.</summary>
    protected abstract Task<IStoreUnderTest> OpenAsync(StoreSettings settings);

    protected Task<IStoreUnderTest> OpenAsync() => OpenAsync(new StoreSettings());

    /// <summary>An identity with one accepted change.</summary>
    protected static async Task<(IdentityId Identity, Change Change)> AcceptAsync(IStoreUnderTest subject)
    {
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        var row = (await worker.InboxAsync()).Single();
        await worker.DecideAsync(row);
        return (row.Identity, change);
    }
}
