using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Settings;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Keys;

/// <summary>Gets the cluster's key ring for a node that has none yet, from the first of the configured nodes that answers.</summary>
internal sealed class KeyJoining(NodeConfiguration configuration, PeerConnections connections)
{
    /// <summary>Fetches the ring.</summary>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="SettingsException">None of the nodes gave it; the message says why.</exception>
    public async Task<KeyRing> FetchAsync(CancellationToken cancellationToken)
    {
        var faults = new List<SettingFault>();
        foreach (var address in configuration.Node.Join)
        {
            try
            {
                return await KeyClient.FetchAsync(connections.To(""), new Uri(address), configuration.Node.Cluster, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is HttpRequestException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                var reason = failure is OperationCanceledException ? "no answer in time" : failure.InnerException is { } inner ? $"{failure.Message} {inner.Message}" : failure.Message;
                faults.Add(new SettingFault("join", address, $"the cluster's keys could not be fetched there: {reason} Start that node, or name another one."));
            }
        }

        throw new SettingsException(configuration.File, faults);
    }
}
