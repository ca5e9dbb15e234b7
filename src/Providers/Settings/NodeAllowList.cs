using System.Collections.Immutable;
using PasswordSync.Core.Settings;

namespace PasswordSync.Providers.Settings;

/// <summary>
/// Which end points, files, programs and secret references this node lets a configuration use, so that a change of the configuration alone cannot run code or
/// carry secrets out. Patterns are compared without regard to case; <c>*</c> stands for any run of characters.
/// </summary>
/// <param name="Endpoints">Patterns of <c>host:port</c>.</param>
/// <param name="Files">Patterns of absolute paths (databases, certificates).</param>
/// <param name="SecretReferences">Patterns of references (<c>file:/etc/passwordsync/secrets/*</c>).</param>
public sealed record NodeAllowList(ImmutableArray<string> Endpoints, ImmutableArray<string> Files, ImmutableArray<string> SecretReferences)
{
    /// <summary>Lets everything: for tests and for a machine where whoever writes the configuration also runs the node.</summary>
    public static NodeAllowList Everything { get; } = new(["*"], ["*"], ["*"]) { Programs = ["*"] };

    /// <summary>Patterns of absolute paths of programs, scripts and plug-ins. Default none.</summary>
    public ImmutableArray<string> Programs { get; init; } = [];

    public bool AllowsEndpoint(string host, int port) => Matches(Endpoints, $"{host}:{port}");

    public bool AllowsFile(string path) => IsPlain(path) && Matches(Files, path);

    public bool AllowsProgram(string path) => IsPlain(path) && Matches(Programs, path);

    public bool AllowsSecretReference(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return (SecretReference.FileOf(reference) is not { } path || IsPlain(path)) && Matches(SecretReferences, reference);
    }

    /// <summary>A path that climbs would reach files outside the folder that a pattern names.</summary>
    private static bool IsPlain(string path) => !path.Split('/', '\\').Contains("..");

    private static bool Matches(ImmutableArray<string> patterns, string value) =>
        patterns.Any(pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(EscapeBackslash(pattern), value, ignoreCase: true));

    private static string EscapeBackslash(string pattern) => pattern.Replace(@"\", @"\\", StringComparison.Ordinal);
}
