using System.CommandLine;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Inference;

/// <summary>Chooses where networks are trained and run: on a graphics processor where the tensor library finds one with CUDA, on the CPU elsewhere.</summary>
internal static class ComputeDevice
{
    public const string Auto = "auto";
    public const string Cpu = "cpu";
    public const string Cuda = "cuda";

    private static Device? _current;

    /// <value>What was fixed, or the best that there is.</value>
    public static Device Current
    {
        get => _current ??= Choose(Auto);
        set => _current = value;
    }

    /// <returns>An option of the command line for the argument of <see cref="Fix"/>.</returns>
    public static Option<string> CreateOption() => new Option<string>("--device")
    {
        DefaultValueFactory = _ => Auto,
        Description = "Where networks run: cuda (a graphics processor), cpu, or auto: cuda where there is one. Results repeat only on the same.",
    }.AcceptOnlyFromAmong(Auto, Cpu, Cuda);

    /// <summary>Call before the first network; only the first call counts.</summary>
    /// <param name="wanted">auto, cpu or cuda.</param>
    /// <exception cref="DeviceUnavailableException">CUDA is wanted, and there is none.</exception>
    public static void Fix(string wanted)
    {
        var device = Choose(wanted);
        _current ??= device;
    }

    private static Device Choose(string wanted)
    {
        if (wanted != Cpu && cuda.is_available())
            return CUDA;
        return wanted != Cuda
            ? CPU
            : throw new DeviceUnavailableException(
                "The tensor library finds no graphics processor with CUDA: build with -p:TorchBackend=cuda-linux on a machine that has one, or leave --device out.");
    }
}

/// <summary>The device that was asked for is not there.</summary>
internal sealed class DeviceUnavailableException(string message) : Exception(message);
