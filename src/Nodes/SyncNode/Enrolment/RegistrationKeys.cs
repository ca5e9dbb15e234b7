using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.SyncNode.Enrolment;

/// <summary>
/// The registration keys that the node with the authority's key gave out: one record each in a folder beside that key, since no other node can sign. The command makes them while the
/// node runs; the node counts their uses in another file. A record that an administrator deletes ends its key, at whatever moment: nothing but the command writes records.
/// </summary>
/// <param name="dataFolder">The node's data folder.</param>
/// <param name="clock">The clock.</param>
public sealed class RegistrationKeys(string dataFolder, TimeProvider clock) : IDisposable
{
    /// <summary>How many registration keys may be valid at once.</summary>
    public const int KeysMax = 1_000;

    /// <summary>How many edges one registration key may enrol.</summary>
    public const int UsesMax = 1_000;

    /// <summary>How many hours a registration key may be valid.</summary>
    public const int HoursMax = 720;

    private const string Withdrawn = "The registration key was withdrawn just now.";

    /// <summary>How long a record is kept after its key's end, so that a late use is called late and not unknown.</summary>
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string folder = Path.Combine(dataFolder, "registrations");
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <summary>The file of a registration key's record.</summary>
    public string RecordOf(string id) => Path.Combine(folder, id + ".json");

    /// <summary>The file of its uses. Without the record it means nothing.</summary>
    private string UsesOf(string id) => Path.Combine(folder, id + ".used");

    /// <summary>Makes a registration key and its record.</summary>
    /// <param name="authority">Signs it.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="source">The source whose edges it enrols.</param>
    /// <param name="uses">How many, 1 to <see cref="UsesMax"/>.</param>
    /// <param name="validity">For how long, at most <see cref="HoursMax"/> hours.</param>
    /// <param name="nodes">Where edges are to ask.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">There are too many, or the record cannot be written.</exception>
    public async Task<RegistrationFile> MakeAsync(ClusterAuthority authority, string cluster, SourceId source, int uses, TimeSpan validity, IEnumerable<string> nodes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentOutOfRangeException.ThrowIfLessThan(uses, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(uses, UsesMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validity, TimeSpan.FromHours(HoursMax));
        PrivateFile.EnsureFolder(folder);
        var now = clock.GetUtcNow();
        if (Sweep(now) >= KeysMax) throw new IOException($"{KeysMax} registration keys are valid: delete the records of those that nobody needs in {folder}.");
        var name = new PeerName.Registration(cluster, source, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = authority.SignRegistration(key, name, now, validity);
        await WriteAsync(RecordOf(name.Id), new RegistrationRecord(source.Value, uses, now, Environment.UserName, CertificateTerm.EndOf(certificate)), cancellationToken).ConfigureAwait(false);
        return new RegistrationFile
        {
            Cluster = cluster,
            Source = source.Value,
            Id = name.Id,
            Uses = uses,
            Nodes = [.. nodes],
            Authority = authority.Certificate.ExportCertificatePem(),
            Certificate = certificate.ExportCertificatePem(),
            Key = key.ExportPkcs8PrivateKeyPem(),
        };
    }

    /// <summary>Takes one use of a registration key, durably. The edge that took one before may ask again.</summary>
    /// <param name="key">Which, as its certificate says.</param>
    /// <param name="domainController">The DC of the edge that is enrolled.</param>
    /// <param name="publicKey">SHA-256 of the edge's public key.</param>
    /// <param name="now">The time of the use, by the clock that the caller judges it with.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The record and its uses with this one; or why it is not taken.</returns>
    /// <exception cref="IOException">It cannot be written, and is not taken then.</exception>
    /// <exception cref="UnauthorizedAccessException">The node may not look at the records.</exception>
    /// <exception cref="SettingsException">One of the two files holds something else.</exception>
    public async Task<(RegistrationRecord? Record, ImmutableArray<RegistrationUse> Used, string? Refusal)> TakeAsync(PeerName.Registration key, string domainController, string publicKey, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsThere(RecordOf(key.Id))) return Refused("The registration key is unknown here: it was withdrawn, or made by another node.");
            if (ReadUnlessWithdrawn(key.Id) is not { } record) return Refused(Withdrawn);
            if (record.Source != key.Source.Value) return Refused($"The registration key is for the source {record.Source}.");
            if (now >= record.EndsAt) return Refused($"The registration key was valid until {record.EndsAt:u}, and is over.");
            var used = File.Exists(UsesOf(key.Id)) ? SettingsFile.Read<RegistrationUses>(UsesOf(key.Id)).Used : [];
            if (used.Any(use => use.DomainController == domainController && use.PublicKey == publicKey)) return (record, used, null);
            if (used.Length >= record.Uses) return Refused($"The registration key is used up: {record.Uses} of {record.Uses}, the last one by {used[^1].DomainController} at {used[^1].At:u}.");
            used = used.Add(new RegistrationUse(domainController, publicKey, now));
            await WriteAsync(UsesOf(key.Id), new RegistrationUses(used), cancellationToken).ConfigureAwait(false);

            // Whoever deleted it meanwhile need not wait for anything to be sure.
            return File.Exists(RecordOf(key.Id)) ? (record, used, null) : Refused(Withdrawn);
        }
        finally
        {
            // Whatever went wrong for one edge, the others go on.
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    // File.Exists would say no where the folder cannot be entered, and the key would be called unknown.
    private bool IsThere(string file)
    {
        try
        {
            _ = File.GetAttributes(file);
            return true;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new UnauthorizedAccessException($"{failure.Message} Give {folder} and all in it to the node's account: registration-key was run as another one.", failure);
        }
    }

    private RegistrationRecord? ReadUnlessWithdrawn(string id)
    {
        try
        {
            return SettingsFile.Read<RegistrationRecord>(RecordOf(id));
        }
        catch (SettingsException) when (!File.Exists(RecordOf(id)))
        {
            return null;
        }
    }

    private static (RegistrationRecord?, ImmutableArray<RegistrationUse>, string) Refused(string why) => (null, [], why);

    private static Task WriteAsync<T>(string file, T content, CancellationToken cancellationToken) => PrivateFile.WriteAsync(file, JsonSerializer.Serialize(content, Format) + "\n", cancellationToken);

    // Deletes what is long over, and uses without a record; gives how many may still be used. A record that cannot be read counts.
    private int Sweep(DateTimeOffset now)
    {
        var valid = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
        {
            DateTimeOffset? end;
            try
            {
                end = SettingsFile.Read<RegistrationRecord>(file).EndsAt;
            }
            catch (SettingsException)
            {
                end = null;
            }

            if (end is null || end > now) valid++;
            else if (now - end > KeptAfterEnd) File.Delete(file);
        }

        foreach (var uses in Directory.EnumerateFiles(folder, "*.used").Where(uses => !File.Exists(Path.ChangeExtension(uses, ".json")))) File.Delete(uses);

        return valid;
    }
}
