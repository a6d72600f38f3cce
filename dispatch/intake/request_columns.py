"""How customers head the columns and the block of an installation request."""

from __future__ import annotations

from dispatch.tabular.columns import Column

_PLATE = (
    "车牌号",
    "车牌号码",
    "车牌",
    "车号",
    "牌照号",
    "牌照",
    "号牌号码",
    "Plate",
    "Plate number",
    "License plate",
    "Licence plate",
)
_VIN = (
    "车架号",
    "车架号码",
    "车架",
    "车辆识别代号",
    "车辆识别码",
    "车架号(VIN)",
    "VIN",
    "VIN码",
    "VIN号",
    "VIN number",
    "Chassis",
    "Chassis number",
)

LINE_COLUMNS = (
    Column("plate", _PLATE),
    Column("vin", _VIN),
    Column("colour", ("车牌颜色", "颜色", "牌照颜色", "号牌颜色", "Plate colour", "Plate color", "Colour", "Color")),
    Column("vehicle_type", ("车辆类型", "车辆种类", "车种", "Vehicle type", "Type")),
    Column("engine_no", ("发动机号", "发动机号码", "发动机", "Engine", "Engine number", "Engine no")),
    Column(
        "make",
        ("品牌型号", "厂牌型号", "车辆品牌", "品牌", "车型", "车辆型号", "Make", "Brand", "Vehicle model", "Make and model"),
    ),
    Column("driver", ("司机姓名", "司机", "驾驶员", "驾驶员姓名", "主驾", "姓名", "Driver", "Driver name", "Name")),
    Column(
        "driver_phone",
        (
            "司机电话",
            "司机手机",
            "司机联系电话",
            "驾驶员电话",
            "手机",
            "手机号",
            "手机号码",
            "联系电话",
            "电话",
            "联系方式",
            "Driver phone",
            "Driver's phone",
            "Phone",
            "Mobile",
            "Phone number",
        ),
    ),
    Column("driver2", ("副驾", "司机2", "司机姓名2", "第二司机", "夜班司机", "副班司机", "Second driver", "Driver 2")),
    Column(
        "driver2_phone",
        (
            "副驾电话",
            "司机2电话",
            "司机电话2",
            "第二司机电话",
            "夜班司机电话",
            "副班司机电话",
            "Second driver phone",
            "Driver 2 phone",
        ),
    ),
    Column("shift", ("班次", "班别", "Shift")),
    Column("parking", ("停放地点", "停放地", "停车地点", "停车位置", "车辆停放地", "Parking", "Parked at")),
    Column("remark", ("备注", "说明", "Remark", "Remarks", "Note", "Notes", "Comment")),
    Column(
        "model", ("终端型号", "设备型号", "产品型号", "安装型号", "型号", "Terminal", "Terminal model", "Device model", "Model")
    ),
    Column("address", ("安装地址", "地址", "安装地点", "Address", "Installation address", "Install address", "Site")),
    Column(
        "wanted_on", ("期望日期", "期望安装日期", "安装日期", "预约日期", "要求日期", "Wanted on", "Desired date", "Date wanted")
    ),
    Column("own_number", ("自编号", "车队编号", "内部编号", "Fleet number", "Fleet no")),
    Column("number", ("序号", "序", "编号", "No", "Number", "Item", "#")),
)

NAME_OF_VEHICLE = Column("name_of_vehicle", (_PLATE[0], _VIN[0], "Plate", "VIN"), required=True)
"""Stands in for plate and VIN when neither is there, so that the refusal names both."""

HEADER_LABELS = (
    Column(
        "customer", ("客户名称", "客户", "客户单位", "单位名称", "公司名称", "申请单位", "Customer", "Customer name", "Company")
    ),
    Column("contact", ("联系人", "客户联系人", "现场联系人", "Contact", "Contact person", "Contact name")),
    Column("phone", ("联系电话", "联系人电话", "电话", "手机", "Phone", "Contact phone", "Telephone", "Tel")),
    Column("address", ("安装地址", "地址", "安装地点", "Address", "Installation address", "Site")),
    Column(
        "wanted_on",
        ("期望日期", "期望安装日期", "安装日期", "预约日期", "要求日期", "Wanted on", "Desired date", "Date wanted", "Date"),
    ),
    Column("salesman", ("业务员", "销售", "销售员", "业务经理", "Salesman", "Salesperson", "Sales")),
    Column("model", ("终端型号", "设备型号", "产品型号", "型号", "Terminal", "Terminal model", "Model")),
    Column("quantity", ("安装数量", "数量", "车辆数", "台数", "车辆数量", "Quantity", "Vehicles", "Qty")),
)
