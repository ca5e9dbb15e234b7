using System.Collections.Immutable;
using System.Security.Cryptography;
using PasswordSync.Providers.Abstractions.Protocol;

namespace PasswordSync.Providers.Abstractions;

/// <summary>Runs a <see cref="PasswordTarget"/> as a plug-in: reads requests from standard input, writes answers to standard output.</summary>
public static class PluginHost
{
    /// <summary>
    /// Serves the server that started this process until it closes standard input. Whatever else prints to the console goes to standard error from now on, so
    /// that it cannot disturb the protocol.
    /// </summary>
    /// <param name="make">Makes the target from the settings; may throw <see cref="SettingsRefusedException"/>.</param>
    /// <returns>The exit code for <c>Main</c>: 0 after an ordinary end, 1 if the server did not keep to the protocol.</returns>
    public static async Task<int> RunAsync(Func<PluginSettings, PasswordTarget> make)
    {
        await using var input = Console.OpenStandardInput();
        await using var output = Console.OpenStandardOutput();
        Console.SetOut(Console.Error);
        return await RunAsync(make, input, output, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>As above, on streams of the caller's; for tests.</summary>
    public static async Task<int> RunAsync(Func<PluginSettings, PasswordTarget> make, Stream input, Stream output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(make);
        try
        {
            var frames = new FrameStream(input, output);
            using var settings = await ReadSettingsAsync(frames, cancellationToken).ConfigureAwait(false);
            if (settings is null) return 0;
            var (target, refusal) = Make(make, settings);
            await frames.WriteAsync(PluginMessages.Encode(new PluginWelcome(PluginProtocol.Version, refusal, target?.Description)), cancellationToken).ConfigureAwait(false);
            if (target is null) return 0;
            await using (target.ConfigureAwait(false))
            {
                while (await frames.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
                {
                    var answer = await AnswerAsync(target, PluginMessages.DecodeRequest(frame), frames, cancellationToken).ConfigureAwait(false);
                    await frames.WriteAsync(PluginMessages.Encode(answer), cancellationToken).ConfigureAwait(false);
                }
            }

            return 0;
        }
        catch (PluginProtocolException e)
        {
            await Console.Error.WriteLineAsync($"protocol: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private static async Task<PluginSettings?> ReadSettingsAsync(FrameStream frames, CancellationToken cancellationToken)
    {
        if (await frames.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } first) return null;
        var hello = PluginMessages.DecodeHello(first);
        if (hello.Protocol != PluginProtocol.Version) throw new PluginProtocolException($"The server speaks version {hello.Protocol} of the protocol, this plug-in version {PluginProtocol.Version}: use a package of the server's version.");
        if (hello.Secrets.Length > PluginProtocol.SecretsMax) throw new PluginProtocolException("The server announced too many secrets.");
        var secrets = ImmutableDictionary.CreateBuilder<string, SecretText>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in hello.Secrets) secrets[name] = await ReadSecretAsync(frames, cancellationToken).ConfigureAwait(false);
        return new PluginSettings(hello.SyncPoint, hello.Settings.ToImmutableDictionary(StringComparer.OrdinalIgnoreCase), secrets.ToImmutable());
    }

    private static (PasswordTarget? Target, string? Refusal) Make(Func<PluginSettings, PasswordTarget> make, PluginSettings settings)
    {
        try
        {
            return (make(settings), null);
        }
        catch (SettingsRefusedException e)
        {
            return (null, e.Message);
        }
    }

    private static async Task<PluginAnswer> AnswerAsync(PasswordTarget target, PluginRequest request, FrameStream frames, CancellationToken cancellationToken)
    {
        using var password = request.Word is RequestWord.Set or RequestWord.Probe ? await ReadSecretAsync(frames, cancellationToken).ConfigureAwait(false) : null;
        try
        {
            var answer = request switch
            {
                { Word: RequestWord.Find, Find: { } account } => (await target.FindAsync(account, cancellationToken).ConfigureAwait(false)).Wire,
                { Word: RequestWord.Set, Set: { } change } => (await target.SetPasswordAsync(change, password!, cancellationToken).ConfigureAwait(false)).Wire,
                { Word: RequestWord.Probe, Probe: { } question } => (await target.ProbeAsync(question, password!, cancellationToken).ConfigureAwait(false)).Wire,
                { Word: RequestWord.Verify } => (await target.VerifyAsync(cancellationToken).ConfigureAwait(false)).Wire,
                _ => throw new PluginProtocolException("A request lacks what its word needs."),
            };
            return answer with { Id = request.Id };
        }
#pragma warning disable CA1031 // Anyone's code: its fault ends this one request. The message may hold the password and is not shown.
        catch (Exception e) when (e is not PluginProtocolException)
#pragma warning restore CA1031
        {
            var reason = $"The plug-in failed with {e.GetType().Name}.";
            return request.Word switch
            {
                RequestWord.Set => new PluginAnswer(AnswerWord.Unknown) { Id = request.Id, Reason = reason },
                RequestWord.Probe => new PluginAnswer(AnswerWord.CannotTell) { Id = request.Id, Reason = reason },
                RequestWord.Verify => new PluginAnswer(AnswerWord.Bad) { Id = request.Id, Reason = reason, Remedy = "Look at the plug-in's own log." },
                _ => new PluginAnswer(AnswerWord.Transient) { Id = request.Id, Reason = reason },
            };
        }
    }

    private static async Task<SecretText> ReadSecretAsync(FrameStream frames, CancellationToken cancellationToken)
    {
        var frame = await frames.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new PluginProtocolException("The stream ended before an announced secret.");
        try
        {
            return SecretText.FromUtf8(frame);
        }
        catch (InvalidDataException e)
        {
            throw new PluginProtocolException(e.Message);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(frame);
        }
    }
}
