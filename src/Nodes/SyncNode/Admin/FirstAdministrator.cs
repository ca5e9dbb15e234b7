using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Admin;

/// <summary>Makes the first administrator of a cluster that has no operator yet. The token goes into a file that only the service's account can read.</summary>
public sealed partial class FirstAdministrator(IOperatorRegister register, string folder, TimeProvider clock, ILogger<FirstAdministrator> logger)
{
    /// <summary>The name of the file in the data folder.</summary>
    public const string FileName = "first-administrator.token";

    /// <summary>The name of that operator.</summary>
    public const string Name = "admin";

    /// <summary>Makes it if there is no operator.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (!(await register.ListAsync(cancellationToken).ConfigureAwait(false)).IsEmpty) return;

        // The file first: a crash between the two leaves a token that opens nothing, and the next start makes another.
        var token = OperatorTokens.Make();
        var path = Path.Combine(folder, FileName);
        await PrivateFile.WriteAsync(path, token + "\n", cancellationToken).ConfigureAwait(false);
        if (await register.AddFirstAsync(new OperatorRow(Name, "administrator", OperatorTokens.HashOf(token), clock.GetUtcNow()), cancellationToken).ConfigureAwait(false)) LogMade(Name, path);
        else File.Delete(path);
    }

    [LoggerMessage(4814, LogLevel.Warning, "There was no operator yet: the administrator '{Name}' was made, and the token is in {Path}. Make operators of your own with it, then remove it.")]
    private partial void LogMade(string name, string path);
}
