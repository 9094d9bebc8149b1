using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;
using TorchSharp;
using Assembly = System.Reflection.Assembly;

namespace CtSeg.TrainingJob.Tests.Tensors;

/// <summary>Reads compiled code for tensors that are made without a word on their device: they lie on the CPU, wherever the network is.</summary>
internal static class DevicelessTensors
{
    /// <returns>The methods of an assembly that make such tensors, with their outermost class; lambdas count for the method that they stand in.</returns>
    public static IReadOnlyList<string> In(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        return [.. module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody && MakesOne(method)).Select(Name).Distinct().Order(StringComparer.Ordinal)];
    }

    private static bool MakesOne(MethodDefinition method)
    {
        method.Body.SimplifyMacros();
        return method.Body.Instructions.Any(instruction =>
            instruction.Operand is MethodReference called && IsFactory(called) && DeviceOf(instruction, called).OpCode == OpCodes.Ldnull);
    }

    /// <summary>Those that are named after another tensor take its device.</summary>
    private static bool IsFactory(MethodReference called) => called.ReturnType.FullName == Name(typeof(torch.Tensor))
        && called.Parameters.Any(IsDevice) && !called.Name.EndsWith("_like", StringComparison.Ordinal);

    /// <summary>The instruction that gives the device: what follows it are constants.</summary>
    private static Instruction DeviceOf(Instruction call, MethodReference called)
    {
        var argument = call.Previous;
        for (var parameter = called.Parameters.Count - 1; !IsDevice(called.Parameters[parameter]); parameter--)
        {
            // A nullable value that was not given is a variable, cleared just before.
            argument = argument.OpCode == OpCodes.Ldloc && argument.Previous.OpCode == OpCodes.Initobj ? argument.Previous.Previous.Previous : argument.Previous;
        }
        return argument;
    }

    private static bool IsDevice(ParameterDefinition parameter) => parameter.ParameterType.FullName == Name(typeof(torch.Device));

    private static string Name(Type type) => type.FullName!.Replace('+', '/');

    private static string Name(MethodDefinition method)
    {
        var (type, names) = (method.DeclaringType, new List<string> { method.Name });
        for (; type.DeclaringType is { } outer; type = outer)
            names.Add(type.Name);
        return $"{type.FullName}.{names.Select(Origin).FirstOrDefault(name => name.Length > 0) ?? method.Name}";
    }

    /// <summary>The method that stands in angle brackets before what the compiler makes of its lambdas, local functions and iterators.</summary>
    private static string Origin(string name) => name.StartsWith('<') ? name[1..name.IndexOf('>', StringComparison.Ordinal)] : "";
}
