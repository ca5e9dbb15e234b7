using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace PasswordSync.Core.Operations;

/// <summary>All that an operators' client needs to know of a node: it has no commands of its own, so that an old client serves a new node.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Version">The version that the node runs.</param>
/// <param name="Operator">As whom the client is known.</param>
/// <param name="Role">What that operator may do.</param>
/// <param name="Commands">The commands, by palette and name.</param>
public sealed record CommandList(string Node, string Cluster, string Version, string Operator, string Role, ImmutableArray<CommandDescription> Commands)
{
    /// <summary>Where it is fetched, below the node's address.</summary>
    public const string Path = "api/v1/commands";

    /// <summary>Below it is one path for each command: palette, then the words of its name.</summary>
    public const string OperationsPath = "api/v1/";

    /// <summary>The most bytes of its JSON.</summary>
    public const int BytesMax = 1 << 20;
}

/// <summary>One command.</summary>
/// <param name="Palette">The first word: <c>sync</c>.</param>
/// <param name="Name">The words after it: <c>parked retry</c>.</param>
/// <param name="Summary">What it does, one sentence.</param>
/// <param name="Role">The least role that may run it.</param>
/// <param name="Changes">Whether it changes anything.</param>
/// <param name="Method"><c>GET</c>, with parameters in the query; or <c>POST</c>, with an object of them.</param>
/// <param name="Streams">Whether rows come until the client ends it, one JSON object a line.</param>
/// <param name="Columns">The columns of what it streams; empty for others, whose answer names its columns.</param>
/// <param name="Parameters">What it takes.</param>
/// <param name="Examples">At least one, as a user types it, without <c>pbm</c>.</param>
public sealed record CommandDescription(
    string Palette,
    string Name,
    string Summary,
    string Role,
    bool Changes,
    string Method,
    bool Streams,
    ImmutableArray<ColumnDescription> Columns,
    ImmutableArray<ParameterDescription> Parameters,
    ImmutableArray<string> Examples)
{
    /// <summary>Whether it is written into the audit: what changes something, and what a viewer may not do.</summary>
    [JsonIgnore]
    public bool IsAudited => Changes || Role != "viewer";
}

/// <summary>One parameter of a command.</summary>
/// <param name="Name">In requests: <c>point</c>. As a switch, <c>-point</c>.</param>
/// <param name="Switch">The short switch: <c>-p</c>; null if there is none.</param>
/// <param name="Kind"><c>text</c>, <c>number</c>, <c>duration</c> (<c>30s</c>, <c>2h</c>), <c>flag</c>, <c>file</c> or <c>secret</c>. Of a file the user gives the name and the client sends the text. A secret is asked for by the client and is no switch.</param>
/// <param name="Summary">What it is.</param>
/// <param name="Required">Whether it must be given.</param>
/// <param name="Repeatable">Whether it may be given several times.</param>
/// <param name="Positional">Whether it may stand without its switch.</param>
/// <param name="Default">What holds if it is not given; null if nothing.</param>
public sealed record ParameterDescription(string Name, string? Switch, string Kind, string Summary, bool Required, bool Repeatable, bool Positional, string? Default);

/// <summary>One column, and how a client shows it.</summary>
/// <param name="Name">The key in each row.</param>
/// <param name="Title">The heading for people.</param>
/// <param name="Kind"><c>text</c>, <c>number</c>, <c>time</c> (RFC 3339), <c>duration</c> (seconds) or <c>flag</c>.</param>
public sealed record ColumnDescription(string Name, string Title, string Kind);

/// <summary>The generated reader and writer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CommandList))]
public sealed partial class OperationsJson : JsonSerializerContext;
