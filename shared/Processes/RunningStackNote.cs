using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CtSeg.Processes;

/// <summary>
/// <c>.ctseg/up.settings.json</c>: how to reach the stack that runs in a checkout, so that a command in another terminal finds it. It holds keys and is
/// readable for its owner only.
/// </summary>
/// <param name="ProcessId">Of the program that runs the stack.</param>
/// <param name="ProcessStarted">Start of that process, UTC: a number alone is given to another process later.</param>
/// <param name="Settings">Connections by name, as a program would find them in its environment.</param>
public sealed record RunningStackNote(int ProcessId, DateTime ProcessStarted, IReadOnlyDictionary<string, string> Settings)
{
    public const string FileName = "up.settings.json";
    private const string StateFolder = ".ctseg";
    private const string CheckoutMarker = "Serverless.sln";
    // Start times are told in ticks of the system clock and may be rounded on the way.
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(2);

    /// <summary>Of a stack that this process runs.</summary>
    public static RunningStackNote OfThisProcess(IReadOnlyDictionary<string, string> settings)
    {
        using var own = Process.GetCurrentProcess();
        return new RunningStackNote(own.Id, own.StartTime.ToUniversalTime(), settings);
    }

    /// <returns>The file of the checkout that this program was built in; null where it lies in none.</returns>
    public static string? FindFile()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, CheckoutMarker)))
                return Path.Combine(folder.FullName, StateFolder, FileName);
        return null;
    }

    /// <returns>Null where there is no such file, or none that can be read.</returns>
    public static RunningStackNote? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), RunningStackJson.Default.RunningStackNote);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file as a whole; on Unix only its owner may read it, from its first byte on.</summary>
    public void Write(string file)
    {
        var beside = $"{file}.{ProcessId}.part";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(beside, options))
            stream.Write(JsonSerializer.SerializeToUtf8Bytes(this, RunningStackJson.Default.RunningStackNote));
        File.Move(beside, file, overwrite: true);
    }

    /// <summary>Takes the file away, unless another stack wrote its own there meanwhile.</summary>
    public void Remove(string file)
    {
        if (Read(file) is { } found && found.ProcessId == ProcessId && found.ProcessStarted == ProcessStarted)
            File.Delete(file);
    }

    /// <returns>Whether the process that wrote the note still runs.</returns>
    public bool IsAlive()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return (process.StartTime.ToUniversalTime() - ProcessStarted).Duration() <= Rounding;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunningStackNote))]
internal sealed partial class RunningStackJson : JsonSerializerContext;
