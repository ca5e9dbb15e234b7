using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using PasswordSync.Core.Settings;

namespace PasswordSync.Hosting.Settings;

/// <summary>
/// Reads configuration files: JSON with comments and trailing commas allowed, names in camel case, unknown keys refused (a misspelt key would otherwise
/// silently do nothing).
/// </summary>
public static class SettingsFile
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int BytesMax = 4 << 20;

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new DurationConverter(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Reads one file.</summary>
    /// <exception cref="SettingsException">It is missing, too large, not JSON, or has keys or types that do not fit; the message says where.</exception>
    public static T Read<T>(string path)
        where T : class
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) throw Fault(path, "(file)", "", "the file does not exist: make it, or name another with --config.");
            if (file.Length > BytesMax) throw Fault(path, "(file)", $"{file.Length} bytes", $"use at most {BytesMax}.");
            using var stream = file.OpenRead();
            return JsonSerializer.Deserialize<T>(stream, Format) ?? throw Fault(path, "(file)", "null", "write an object: { … }.");
        }
        catch (JsonException failure)
        {
            throw new SettingsException(path, FindFaults<T>(path, failure));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Fault(path, "(file)", "", failure.Message);
        }
    }

    /// <summary>A path in a configuration file is relative to that file.</summary>
    public static string Resolve(string configurationFile, string path) =>
        Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(configurationFile))!);

    /// <summary>Does something with what a key names, such as a file; what keeps it from being used is told with the key.</summary>
    /// <param name="configurationFile">The configuration that the key is in.</param>
    /// <param name="key">The key.</param>
    /// <param name="found">Its value, or <see cref="SettingFault.NotShown"/>.</param>
    /// <param name="remedy">What to write or to do.</param>
    /// <param name="use">What is done.</param>
    /// <exception cref="SettingsException">A file is missing or may not be read, or does not hold what it should.</exception>
    public static async Task<T> UseAsync<T>(string configurationFile, string key, string found, string remedy, Func<Task<T>> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        try
        {
            return await use().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException or FormatException or ArgumentException or SocketException)
        {
            throw Fault(configurationFile, key, found, $"{failure.Message.TrimEnd('.')}: {remedy}");
        }
    }

    // Line and position are those of the first fault alone: the document knows them no more.
    private static List<SettingFault> FindFaults<T>(string path, JsonException failure)
    {
        var line = $"line {failure.LineNumber + 1}";
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { CommentHandling = Format.ReadCommentHandling, AllowTrailingCommas = Format.AllowTrailingCommas });
            var first = failure.Path?.TrimStart('$', '.');
            var faults = SettingsShape.FindFaults(document.RootElement, typeof(T), Format).Select(fault => fault.Key == first ? fault with { Remedy = $"{line}: {fault.Remedy}" } : fault).ToList();
            if (faults.Count > 0) return faults;
        }
        catch (JsonException)
        {
            // Not JSON at all: where it ends to be is all that can be told.
        }

        return [new SettingFault(failure.Path ?? "(file)", "", $"{line}: {Shorten(failure.Message)}")];
    }

    private static SettingsException Fault(string path, string key, string found, string remedy) => new(path, [new SettingFault(key, found, remedy)]);

    // The serializer's messages end with path and position, which are told already.
    internal static string Shorten(string message) => message.Split(" Path: ", 2)[0];
}
