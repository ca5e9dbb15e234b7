using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Hosting.Settings;
using PasswordSync.Journal;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>Looks at what a node needs before it can start, whether or not it runs: for one that does not, which nobody can ask. Changes nothing. Sync points and sources are looked at by a node that runs.</summary>
/// <param name="file">The node's configuration file.</param>
/// <param name="clock">The machine's clock.</param>
internal sealed class StartDoctor(string file, TimeProvider clock)
{
    /// <summary>How long the database may take.</summary>
    private static readonly TimeSpan DatabaseTimeout = TimeSpan.FromSeconds(20);

    public async Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken)
    {
        NodeConfiguration configuration;
        try
        {
            configuration = NodeConfiguration.Read(file);
        }
        catch (SettingsException failure)
        {
            return [Finding.Bad("configuration", failure.Message, "Correct it: every key is explained in cluster-config. Nothing else can be looked at before.")];
        }

        return
        [
            Finding.Good("configuration", $"{configuration.File} and what it names can be read: {configuration.Points.Length} sync points, {configuration.Scopes.Length} scopes."),
            .. FileChecks.Of(configuration),
            await PassphraseAsync(configuration, cancellationToken).ConfigureAwait(false),
            .. Authority(configuration),
            .. Directory.Exists(configuration.DataFolder) ? [MachineChecks.Room("disk", configuration.DataFolder)] : Array.Empty<Finding>(),
            await DatabaseAsync(configuration, cancellationToken).ConfigureAwait(false),
            .. configuration.Node.Listen.Select(text => Address("listen", text)).OfType<Finding>(),
            .. configuration.Node.Admin.Listen.Select(text => Address("admin.listen", text)).OfType<Finding>(),
        ];
    }

    private static async Task<Finding> PassphraseAsync(NodeConfiguration configuration, CancellationToken cancellationToken)
    {
        const string what = "passphrase's value";
        try
        {
            using var passphrase = await NodeParts.ReadPassphraseAsync(configuration, cancellationToken).ConfigureAwait(false);
            var length = await passphrase.WithUtf8Async(bytes => Task.FromResult(bytes.Length)).ConfigureAwait(false);
            return length < NodeParts.PassphraseBytesMin
                ? Finding.Bad(what, $"The reference leads to {length} bytes.", $"Use {NodeParts.PassphraseBytesMin} bytes or more; that of an existing node must stay as it was.")
                : Finding.Good(what, $"It can be had, {length} bytes. Whether it opens the keys, the start tells.");
        }
        catch (SettingsException failure)
        {
            return Finding.Bad(what, failure.Message, "Correct 'passphrase' in node.json, or bring back what it refers to.");
        }
    }

    private IEnumerable<Finding> Authority(NodeConfiguration configuration)
    {
        const string what = "cluster's authority";
        var path = Path.Combine(configuration.DataFolder, "ca.pem");
        if (!File.Exists(path)) return [];
        try
        {
            using var authority = X509CertificateLoader.LoadCertificateFromFile(path);
            return [MachineChecks.Validity(what, authority, clock.GetUtcNow(), "Plan a new cluster authority: every edge and node needs a certificate of it.")];
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return [Finding.Bad(what, $"{path} cannot be read: {failure.Message}", "Bring the data folder back from a backup of this node.")];
        }
    }

    private async Task<Finding> DatabaseAsync(NodeConfiguration configuration, CancellationToken cancellationToken)
    {
        const string what = "database";
        if (configuration.Node.Database.Kind == "sqlite")
        {
            // Its folder keeps others out.
            var path = NodeStore.FileOf(configuration);
            return File.Exists(path) ? MachineChecks.Rights(what, path, MachineChecks.ForOthersReading, "") : Finding.Good(what, $"{path} is made at the first start.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DatabaseTimeout);
        const string remedy = "See that the server runs and can be reached, and correct 'database' in node.json: docs/operations/postgresql.md.";
        try
        {
            await NodeStore.ReadClockAsync(configuration, clock, limit.Token).ConfigureAwait(false);
            return Finding.Good(what, $"{NodeStore.Describe(configuration)}: the server answers, takes the node's role, and its clock agrees.");
        }
        catch (Exception failure) when (failure is StorageUnavailableException or StoreRefusedException or SettingsException)
        {
            return Finding.Bad(what, failure.Message, remedy);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Bad(what, $"It did not answer within {DatabaseTimeout.TotalSeconds:0} s.", remedy);
        }
    }

    // Null for one of which any port will do, or that is a name.
    private static Finding? Address(string key, string text)
    {
        if (!ListenAddress.TryParse(text, out var address) || address!.Port == 0) return null;
        var what = $"{key} {text}";
        try
        {
            using var listener = new TcpListener(address.Address, address.Port);
            listener.Start();
            return Finding.Good(what, "Nobody listens there: this node does not run, and may.");
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return Finding.NotChecked(what, "It is in use: by this node, if it runs, else by another program, and then the node does not start.", "See whose it is (ss -ltnp).");
        }
        catch (SocketException failure)
        {
            return Finding.Bad(what, $"Nobody can listen there: {failure.Message}.", $"Correct '{key}' in node.json: an address of this machine, and a port that the service's account may use.");
        }
    }
}
