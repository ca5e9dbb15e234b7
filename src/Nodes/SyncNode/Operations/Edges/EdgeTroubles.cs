using System.Collections.Immutable;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Intake;

namespace PasswordSync.SyncNode.Operations.Edges;

/// <summary>What stands wrong at edges that live, as they told any node of it within the last minutes.</summary>
internal static class EdgeTroubles
{
    /// <summary>Rows for the troubles of <c>sync status</c>: what, people, since, reason, remedy.</summary>
    public static IEnumerable<ImmutableArray<object?>> Of(IEnumerable<EdgeSighting> edges, OperationServices services) =>
        from edge in edges
        from words in WordsOf(edge, services)
        select Column.Row($"edge {edge.Source}/{edge.DomainController}", null, null, words, RemedyOf(edge));

    /// <summary>What stands wrong there, in words; nothing of an edge that was revoked, and nothing that was told too long ago to hold still.</summary>
    public static IEnumerable<string> WordsOf(EdgeSighting edge, OperationServices services) =>
        edge.Alarms is { } told && (services.Now - told.At).Duration() <= EdgeReports.KeptFor && EdgeTable.StateOf(edge, services) != EdgeTable.Revoked ? EdgeAlarms.Parse(told.Names).Select(WordsOf).OfType<string>() : [];

    /// <summary>Where it says more.</summary>
    public static string RemedyOf(EdgeSighting edge) => $"PasswordSync.EdgeNode doctor, on {edge.DomainController}";

    /// <summary>The words of an alarm, by its name; null for one that is over when it is heard.</summary>
    internal static string? WordsOf(string alarm) => alarm switch
    {
        "HookNotCalled" => "Samba does not call the hook for a password policy without a complexity rule: changes there are not captured",
        "PoliciesHidden" => "its account may not read the fine-grained password policies: whether Samba calls the hook for all of them cannot be told",
        "FilterNotCapturing" => "its password filter captures nothing",
        "FilterStuck" => "captures wait in the memory of LSASS, since neither the edge nor the drop folder takes them: they are lost if the domain controller stops",
        "FilterSettingsOld" => "its password filter does not take the present capture file over",
        "FilterUnguarded" => "others than SYSTEM and the administrators may change what its password filter trusts",
        "SpoolFull" => "its spool is full: captures are refused and wait as files",
        "SpoolNotWritable" => "its spool cannot be written: captures are not acknowledged",
        "DropFolderBroken" => "its drop folder cannot be worked: captures in it wait",
        "DirectoryUnavailable" => "its domain controller's directory does not answer: captures wait",
        "ConfigurationUnusable" => "it cannot use the cluster's configuration, and goes on with the one before",
        "CertificateEnds" => "a certificate that it uses ends soon, or has ended",
        "NoNodeAnswers" => null,
        _ => $"it tells of '{alarm}', which this version does not know",
    };
}
