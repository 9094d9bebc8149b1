using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.InteropServices;
using CtSeg.Telemetry;

namespace CtSeg.TrainingJob.Inference;

/// <summary>Memory of the graphics processors, as the driver's management library (NVML) tells it. There is nothing to see where that is missing.</summary>
internal sealed unsafe class GpuMemory
{
    private const string Device = "hw.id";
    private const int Success = 0;
    private readonly nint _read;
    private readonly (uint Index, nint Handle)[] _devices;

    private GpuMemory(nint read, (uint, nint)[] devices) => (_read, _devices) = (read, devices);

    private static string DriverLibrary => OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>Adds two gauges, bytes by device: <see cref="Meters.GpuMemoryUsed"/> and <see cref="Meters.GpuMemoryLimit"/>.</summary>
    /// <param name="library">Name or path; the driver's own unless given.</param>
    /// <returns>Whether there is a device to observe.</returns>
    public static bool TryObserve(Meter meter, string? library = null)
    {
        if (Open(library ?? DriverLibrary) is not { } memory)
            return false;
        meter.CreateObservableGauge(Meters.GpuMemoryUsed, () => memory.Read(read => read.Used), "By", "Memory of a graphics processor in use, by all programs.");
        meter.CreateObservableGauge(Meters.GpuMemoryLimit, () => memory.Read(read => read.Total), "By", "Memory of a graphics processor.");
        return true;
    }

    private static GpuMemory? Open(string library)
    {
        if (!NativeLibrary.TryLoad(library, out var handle)
            || !NativeLibrary.TryGetExport(handle, "nvmlInit_v2", out var init)
            || !NativeLibrary.TryGetExport(handle, "nvmlDeviceGetCount_v2", out var count)
            || !NativeLibrary.TryGetExport(handle, "nvmlDeviceGetHandleByIndex_v2", out var find)
            || !NativeLibrary.TryGetExport(handle, "nvmlDeviceGetMemoryInfo", out var read))
            return null;
        uint devices = 0;
        if (((delegate* unmanaged<int>)init)() != Success || ((delegate* unmanaged<uint*, int>)count)(&devices) != Success)
            return null;
        var found = new List<(uint, nint)>();
        for (uint index = 0; index < devices; index++)
        {
            nint device = 0;
            if (((delegate* unmanaged<uint, nint*, int>)find)(index, &device) == Success)
                found.Add((index, device));
        }
        return found.Count > 0 ? new GpuMemory(read, [.. found]) : null;
    }

    private List<Measurement<long>> Read(Func<Memory, ulong> part)
    {
        var measured = new List<Measurement<long>>();
        foreach (var (index, device) in _devices)
        {
            Memory memory;
            if (((delegate* unmanaged<nint, Memory*, int>)_read)(device, &memory) == Success)
                measured.Add(new Measurement<long>((long)part(memory), new KeyValuePair<string, object?>(Device, index.ToString(CultureInfo.InvariantCulture))));
        }
        return measured;
    }

    /// <summary><c>nvmlMemory_t</c>, bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Memory
    {
        public readonly ulong Total;
        public readonly ulong Free;
        public readonly ulong Used;
    }
}
